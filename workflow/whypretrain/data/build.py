"""From a section of the config to an image set: what all kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from whypretrain.config.datasets import DataSet
from whypretrain.data.image_set import SPLITS, ImageSet, decoded
from whypretrain.data.kinds import kind_of
from whypretrain.data.sampling import few_shot, long_tail, share
from whypretrain.errors import InputError
from whypretrain.runtime import seeds


def build(name: str, spec: Mapping[str, Any], *, size: int, channels: int, seed: int, decode: bool = True) -> ImageSet:
    """Make the data set `name` as its section of the config says.

    Args:
        name: the data set's name; also part of its seed, so that two data sets of one kind differ.
        spec: `kind`, the kind's options, and which images are kept: `train_size`, `test_size`, then of the
            training images `imbalance`, then `fraction`. With `variant_of` the draws are those of that data set.
        size: side of the square images, pixels.
        channels: 1 (grey) or 3 (RGB).
        seed: decides the split, the subset, and whatever the kind draws at random.
        decode: False leaves picture files undecoded until the set is saved, and so out of memory.

    Raises:
        InputError: for an unknown kind or option, unreadable input, or a class without images.
    """
    kind = kind_of(spec, f"data.{name}")
    if channels not in (1, 3) or size < 1:
        raise InputError(f"image: size {size} with {channels} channels; use a positive size and 1 or 3 channels")
    options = kind.options.of(spec, f"data.{name}")
    seed = seeds.seed_of(seed, options.variant_of or name)
    try:
        pool = kind.make(options, size=size, channels=channels, seed=seed)
    except InputError as error:
        raise InputError(f"data.{name}: {error}") from error
    chosen = pool.take(_subset(pool, options, name, seed))
    about = {"name": name, "kind": spec["kind"], "source": kind.source, "licence": kind.licence}
    made = ImageSet(chosen.images, chosen.manifest, {**about, **chosen.about})
    return decoded(made) if decode else made


def _subset(pool: ImageSet, options: DataSet, name: str, seed: int) -> np.ndarray:
    """Rows of the training subset, then of the test subset."""
    found = []
    for split, size in zip(SPLITS, (options.train_size, options.test_size), strict=True):
        rows = np.flatnonzero((pool.manifest["split"] == split).to_numpy())
        chosen = few_shot(
            pool.labels[rows],
            len(rows) if size is None else size,
            classes=pool.classes,
            seed=seeds.seed_of(seed, split),
            what=f"data.{name}.{split}_size",
        )
        found.append(rows[chosen])
    train, test = found
    train = train[long_tail(pool.labels[train], options.imbalance, seed=seed)]
    train = train[share(pool.labels[train], options.fraction, seed=seed)]
    return np.concatenate([train, test])
