"""Kinds of data sets: those made here, those that people bring, and the published ones.

A new kind is a module that holds `KIND`, and a line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from whypretrain.config.datasets import DataSet
from whypretrain.config.messages import suggestion
from whypretrain.errors import InputError
from whypretrain.runtime.registry import Registry

KINDS: Registry[str] = {
    "glyphs": "whypretrain.data.kinds.glyphs",
    "digits": "whypretrain.data.kinds.digits",
    "imagefolder": "whypretrain.data.kinds.imagefolder",
    "huggingface": "whypretrain.data.kinds.huggingface",
    "npz": "whypretrain.data.kinds.npz",
    "planted": "whypretrain.data.kinds.planted",
    "text": "whypretrain.data.kinds.text",
    "sst2": "whypretrain.data.kinds.sst2",
    "movie_reviews": "whypretrain.data.kinds.movie_reviews",
    "pydoc": "whypretrain.data.kinds.pydoc",
    "sentences": "whypretrain.data.kinds.sentences",
}


class Size(NamedTuple):
    """Training images, test images, classes."""

    train: int
    test: int
    classes: int


@dataclass(frozen=True)
class Kind:
    """A kind of data set.

    Attributes:
        options: what the config says about it.
        make: all its images, both splits, from the options, `size`, `channels` and `seed`.
        source: where the images come from.
        licence: what may be done with them.
        size: how many images the options give, where that is known before any is made.
        text: whether it makes sentences in place of images; None: its option `text` tells.
    """

    options: type[DataSet]
    make: Callable[..., Any]
    source: str
    licence: str
    size: Callable[[Any], Size | None] = lambda options: None
    text: bool | None = False


def names() -> list[str]:
    """All kinds but `torchvision:CLASS`."""
    from whypretrain.data.published.catalogue import CATALOGUE

    return [*KINDS, *CATALOGUE]


def kind_of(spec: Any, where: str) -> Kind:
    """The kind that the section `spec` of a config names.

    Raises:
        InputError: if the section is no mapping, or names no kind.
    """
    if not isinstance(spec, Mapping) or not isinstance(spec.get("kind"), str):
        raise InputError(f"{where} must be a mapping with the key kind, not {spec!r}")
    name: str = spec["kind"]
    if name in KINDS:
        kind: Kind = import_module(KINDS[name]).KIND
        return kind
    from whypretrain.data.published import catalogue, entry, vision

    if name.startswith("torchvision:"):
        published = vision.torchvision_class(name.partition(":")[2])
    elif name in catalogue.CATALOGUE:
        published = catalogue.CATALOGUE[name]
    else:
        raise InputError(f"{where}.kind: {name!r} is no kind of data set; {suggestion(name, names())}")
    return Kind(
        published.options,
        partial(entry.make, published, name),
        source=name,
        licence=published.licence,
        size=partial(entry.size, published),
    )


def is_text(spec: Any, where: str = "datasets") -> bool:
    """Whether the section `spec` of a config is of sentences in place of images."""
    kind = kind_of(spec, where)
    return bool(spec.get("text")) if kind.text is None else kind.text


def options_of(spec: Any, where: str) -> DataSet:
    """The section `spec` of a config by the options of its kind.

    Raises:
        InputError: if it names no kind, or an option is wrong.
    """
    return kind_of(spec, where).options.of(spec, where)


def size_of(spec: Any, where: str) -> Size | None:
    """How many images the section gives, where that is known before any is made; see `options_of`."""
    return kind_of(spec, where).size(options_of(spec, where))
