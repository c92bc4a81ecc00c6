"""Kind `planted`: cells, bright or dark at random; the class is whether the two cells of a pair are both bright.

Of the cells that mean nothing, any number is bright with equal chance: images with few bright cells, which masked
images look like, are as usual as others.
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from whypretrain.config.datasets import DataSet
from whypretrain.config.section import Count, Natural, Several, Share
from whypretrain.data.image_set import ImageSet, assemble
from whypretrain.data.kinds import Kind, Size
from whypretrain.errors import InputError
from whypretrain.runtime import seeds

CLASSES = ("not both", "both")
_NOISE, _BRIGHT = 60, 180  # pixels are uniform below the first; a bright cell adds the second

Pair = Annotated[tuple[Natural, ...], Several, Field(min_length=2, max_length=2)]


class Options(DataSet):
    """An AND of two known cells that decides the class, among cells that mean nothing."""

    pair: Pair = (0, 8)
    """cells that decide the class, numbered row by row from 0"""
    decoy: Pair | None = None
    """another pair that goes with the class and does not decide it"""
    decoy_share: Share = 0.9
    """fraction of the images in which the decoy goes with the class"""
    cells: Annotated[int, Field(ge=2)] = 3
    """cells a side"""
    train_per_class: Count = 1000
    """training images of each class"""
    test_per_class: Count = 100
    """test images of each class"""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        named = [*self.pair, *(self.decoy or ())]
        if len(set(named)) < len(named) or max(named) >= self.cells**2:
            raise ValueError(f"pair and decoy name the cells {named}; name different ones below {self.cells**2}")
        return self


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Images of equal cells; `origin` lists the bright ones, `about` has the pair and the grid.

    Raises:
        InputError: if the cells do not divide the image.
    """
    if size % options.cells:
        raise InputError(
            f"{options.cells} cells a side do not divide images of {size} pixels; change cells or image.size"
        )
    random = seeds.generator(seed, "planted")
    per_class = options.train_per_class + options.test_per_class
    labels = np.repeat(np.arange(2), per_class)
    bright = random.random((len(labels), options.cells**2)) < random.random((len(labels), 1))
    _decide(bright, options.pair, labels == 1, random)
    if options.decoy:
        _decide(bright, options.decoy, (labels == 1) == (random.random(len(labels)) < options.decoy_share), random)
    side = size // options.cells
    lit = bright.reshape(-1, options.cells, options.cells).repeat(side, axis=1).repeat(side, axis=2)
    pixels = random.integers(0, _NOISE, (len(labels), channels, size, size)) + _BRIGHT * lit[:, None]
    made = assemble(
        pixels.astype(np.uint8),
        labels,
        test=np.tile(np.arange(per_class) >= options.train_per_class, 2),
        classes=CLASSES,
        concepts=["cells"] * 2,
        origins=[" ".join(map(str, np.flatnonzero(row))) for row in bright],
    )
    return ImageSet(made.images, made.manifest, {"pair": list(options.pair), "cells": options.cells})


def _decide(bright: np.ndarray, pair: tuple[int, ...], both: np.ndarray, random: np.random.Generator) -> None:
    """Let the pair be bright where `both`, and elsewhere dark in one cell or in two, each with equal chance."""
    others = np.array([[False, False], [False, True], [True, False]])[random.integers(0, 3, len(both))]
    bright[:, list(pair)] = np.where(both[:, None], True, others)


def size(options: Options) -> Size:
    """Two classes."""
    return Size(2 * options.train_per_class, 2 * options.test_per_class, 2)


KIND = Kind(Options, make, source="drawn at random", licence="made here; unrestricted", size=size)
