"""few_shot and split_off against counts worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.data import few_shot, split_off
from whypretrain.errors import InputError

COUNTS = [2, 5, 9, 30]
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), COUNTS))
CLASSES = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [(4, [1, 1, 1, 1]), (8, [2, 2, 2, 2]), (17, [2, 5, 5, 5]), (46, COUNTS), (31, [2, 5, 9, 15])],
)
def test_few_shot_fills_classes_evenly(size, expected):
    chosen = few_shot(LABELS, size, classes=CLASSES, seed=3)
    assert np.bincount(LABELS[chosen], minlength=4).tolist() == expected
    assert np.array_equal(chosen, np.unique(chosen))


def test_few_shot_gives_the_remainder_to_seeded_classes():
    counts = {
        tuple(np.bincount(LABELS[few_shot(LABELS, 6, classes=CLASSES, seed=seed)])) for seed in range(40)
    }
    assert {sum(each) for each in counts} == {6}
    assert all(max(each) - min(each) == 1 for each in counts)
    assert len(counts) == 6  # all choices of two of four classes


def test_few_shot_subsets_are_nested_and_seeded():
    small, large = (few_shot(LABELS, size, classes=CLASSES, seed=1) for size in (8, 20))
    assert set(small) < set(large)
    assert np.array_equal(large, few_shot(LABELS, 20, classes=CLASSES, seed=1))
    assert not np.array_equal(large, few_shot(LABELS, 20, classes=CLASSES, seed=2))


@pytest.mark.parametrize("size", [3, 47])
def test_few_shot_refuses_impossible_sizes(size):
    with pytest.raises(InputError, match=f"digits: size {size} is not possible; use 4 .* to 46"):
        few_shot(LABELS, size, classes=CLASSES, seed=0, what="digits")


def test_few_shot_names_the_class_without_images():
    with pytest.raises(InputError, match="class empty has fewer than 1 images"):
        few_shot(LABELS, 10, classes=[*CLASSES, "empty"], seed=0)


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0.2, [1, 1, 2, 6]), (0.01, [1, 1, 1, 1]), (0.99, [1, 4, 8, 29])]
)
def test_split_off_takes_its_share_of_every_class(fraction, expected):
    test = split_off(LABELS, fraction, classes=CLASSES, seed=0)
    assert np.bincount(LABELS[test], minlength=4).tolist() == expected


def test_split_off_needs_two_images_a_class():
    with pytest.raises(InputError, match="class lonely has fewer than 2 images"):
        split_off(np.array([0, 0, 1]), 0.5, classes=["pair", "lonely"], seed=0)
