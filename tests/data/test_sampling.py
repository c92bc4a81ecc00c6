"""few_shot and split_off against counts worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.data import few_shot, split_off
from whypretrain.data.sampling import long_tail, share
from whypretrain.errors import InputError

COUNTS = [2, 5, 9, 30]
LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), COUNTS))
CLASSES = ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("size", "expected"), [(4, [1, 1, 1, 1]), (8, [2, 2, 2, 2]), (17, [2, 5, 5, 5]), (46, COUNTS), (31, [2, 5, 9, 15])]
)
def test_few_shot_fills_classes_evenly(size, expected):
    chosen = few_shot(LABELS, size, classes=CLASSES, seed=3)
    assert np.bincount(LABELS[chosen], minlength=4).tolist() == expected
    assert np.array_equal(chosen, np.unique(chosen))


def test_few_shot_gives_the_remainder_to_seeded_classes():
    counts = {tuple(np.bincount(LABELS[few_shot(LABELS, 6, classes=CLASSES, seed=seed)])) for seed in range(40)}
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


@pytest.mark.parametrize(("fraction", "expected"), [(0.2, [1, 1, 2, 6]), (0.01, [1, 1, 1, 1]), (0.99, [1, 4, 8, 29])])
def test_split_off_takes_its_share_of_every_class(fraction, expected):
    test = split_off(LABELS, fraction, classes=CLASSES, seed=0)
    assert np.bincount(LABELS[test], minlength=4).tolist() == expected


def test_split_off_needs_two_images_a_class():
    with pytest.raises(InputError, match="class lonely has fewer than 2 images"):
        split_off(np.array([0, 0, 1]), 0.5, classes=["pair", "lonely"], seed=0)


@pytest.mark.parametrize(
    ("factor", "expected"), [(1, [100] * 5), (16, [6, 12, 25, 50, 100]), (1e4, [1, 1, 1, 10, 100])]
)
def test_long_tail_falls_exponentially(factor, expected):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(5), 100))
    counts = np.bincount(labels[long_tail(labels, factor, seed=0)])
    assert sorted(counts.tolist()) == expected


def test_long_tail_starts_at_the_smallest_class():
    counts = np.bincount(LABELS[long_tail(LABELS, 2, seed=0)])
    assert sorted(counts.tolist()) == [1, 1, 2, 2]


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5, 1.0])
def test_share_takes_its_part_of_every_class(fraction):
    counts = np.bincount(LABELS[share(LABELS, fraction, seed=0)])
    assert counts.tolist() == [max(1, round(fraction * count)) for count in COUNTS]


def test_tails_and_shares_are_nested_and_seeded():
    labels = np.repeat(np.arange(5), 60)
    for choose, small, large in ((long_tail, 100, 10), (share, 0.1, 0.5)):
        part, whole = (choose(labels, value, seed=4) for value in (small, large))
        assert set(part) < set(whole)
        assert np.array_equal(whole, choose(labels, large, seed=4))
        assert not np.array_equal(whole, choose(labels, large, seed=5))
    heads = {int(np.bincount(labels[long_tail(labels, 10, seed=seed)]).argmax()) for seed in range(30)}
    assert heads == set(range(5))
