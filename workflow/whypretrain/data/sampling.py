"""Stratified choices: few-shot subsets and train/test splits, the same for every kind of data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whypretrain.errors import InputError
from whypretrain.runtime import seeds


def few_shot(labels: np.ndarray, size: int, *, classes: Sequence[str], seed: int, what: str = "images") -> np.ndarray:
    """Choose `size` images, as equally many a class as the numbers allow.

    Classes take turns, in seeded random order, until `size` images are chosen; a class that has run out
    passes. So counts differ by at most one between classes with images left, and a smaller choice is part of
    a larger one.

    Args:
        labels: class index of each image, shape (N,).
        size: how many to choose, len(classes) <= size <= N.
        classes: class names, in the order of the labels.
        seed: decides which images, and which classes get one more.
        what: what is chosen, for the error message.

    Returns:
        Row numbers in increasing order, int64, shape (size,).

    Raises:
        InputError: if a class has no image, or `size` leaves a class out or exceeds the images there are.

    Example:
        >>> chosen = few_shot(np.array([0, 0, 0, 1, 1, 1]), 4, classes=["cat", "dog"], seed=0)
        >>> np.bincount(np.array([0, 0, 0, 1, 1, 1])[chosen])
        array([2, 2])
    """
    check_classes(labels, classes, what)
    if not len(classes) <= size <= len(labels):
        raise InputError(
            f"{what}: size {size} is not possible; use {len(classes)} (one a class) to {len(labels)} (all)"
        )
    generator = seeds.generator(seed, "few-shot")
    rank = _rank_within_class(labels, generator)
    turn = generator.permutation(len(classes))[labels]
    return np.sort(np.lexsort((turn, rank))[:size])


def long_tail(labels: np.ndarray, factor: float, *, seed: int) -> np.ndarray:
    """Choose images so that class sizes fall exponentially, the largest `factor` times the smallest.

    With the classes in seeded random order k = 0..K-1, class k keeps round(n factor^(-k / (K - 1))) of its
    images, at least one, where n is the smallest class's number: the profile does not depend on the classes'
    own sizes. A factor of 1 keeps every image (the profile of long-tailed CIFAR, arXiv:1901.05555).

    Args:
        labels: class index of each image, 0..K-1, shape (N,), no class empty.
        factor: at least 1; 10 and 100 are customary.
        seed: decides the order of the classes, and which images are kept.

    Returns:
        Row numbers in increasing order, int64; the choice of a larger factor is part of that of a smaller one.

    Example:
        >>> labels = np.repeat([0, 1, 2], 100)
        >>> sorted(np.bincount(labels[long_tail(labels, 100, seed=0)]).tolist())
        [1, 10, 100]
    """
    if factor == 1:
        return np.arange(len(labels))
    count = np.bincount(labels)
    generator = seeds.generator(seed, "long tail")
    place = generator.permutation(len(count)) / max(len(count) - 1, 1)
    quota = np.maximum(np.rint(count.min() * factor**-place), 1)
    return np.flatnonzero(_rank_within_class(labels, generator) < quota[labels])


def share(labels: np.ndarray, fraction: float, *, seed: int) -> np.ndarray:
    """Choose the same share of every class, rounded, at least one image each.

    Returns:
        Row numbers in increasing order, int64; a smaller share is part of a larger one.

    Example:
        >>> share(np.repeat([0, 1], [10, 4]), 0.5, seed=0).size
        7
    """
    quota = np.maximum(np.rint(fraction * np.bincount(labels)), 1)
    return np.flatnonzero(_first(labels, quota, seeds.generator(seed, "share")))


def split_off(
    labels: np.ndarray, fraction: float, *, classes: Sequence[str], seed: int, what: str = "images"
) -> np.ndarray:
    """Mark a share of every class as test images, at least one and never all.

    Returns:
        True for the test images, shape (N,).

    Raises:
        InputError: if a class has fewer than two images.
    """
    check_classes(labels, classes, what, least=2)
    count = np.bincount(labels, minlength=len(classes))
    quota = np.clip(np.rint(fraction * count), 1, count - 1)
    return _first(labels, quota, seeds.generator(seed, "split"))


def folds(labels: np.ndarray, number: int, *, seed: int) -> np.ndarray:
    """Deal the images of every class out to folds in turn, in random order; a class's only image to none.

    Returns:
        Fold of each image, 0..number-1 or -1, int64, shape (N,). Without a fold, every class has images left.

    Example:
        >>> folds(np.array([0, 0, 0, 1]), 2, seed=0).tolist()
        [0, 0, 1, -1]
    """
    dealt = _rank_within_class(labels, seeds.generator(seed, "folds")) % number
    return np.where(np.bincount(labels)[labels] > 1, dealt, -1)


def per_class(
    labels: np.ndarray, number: int, *, classes: Sequence[str], seed: int, what: str = "images"
) -> np.ndarray:
    """Mark so many images of every class, all but one of a class that has no more.

    Returns:
        True for the marked images, shape (N,).

    Raises:
        InputError: if a class has fewer than two images.
    """
    check_classes(labels, classes, what, least=2)
    quota = np.minimum(number, np.bincount(labels, minlength=len(classes)) - 1)
    return _first(labels, quota, seeds.generator(seed, "per class"))


def check_classes(labels: np.ndarray, classes: Sequence[str], what: str, *, least: int = 1) -> None:
    """Raise an InputError that names the classes with fewer than `least` images."""
    count = np.bincount(labels, minlength=len(classes))
    short = [name for name, number in zip(classes, count, strict=True) if number < least]
    if short:
        named = ", ".join(short[:5]) + (" ..." if len(short) > 5 else "")
        raise InputError(f"{what}: class {named} has fewer than {least} images; add images or remove the class")


def _first(labels: np.ndarray, quota: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """True for so many images of each class as `quota` (K,) says, the first in random order, shape (N,)."""
    return _rank_within_class(labels, generator) < quota[labels]


def _rank_within_class(labels: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A random order 0, 1, ... of the images of each class, shape (N,)."""
    shuffled = generator.permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    first = np.searchsorted(labels[by_class], labels[by_class])
    rank = np.empty(len(labels), dtype=np.int64)
    rank[by_class] = np.arange(len(labels)) - first
    return rank
