"""Planted images against the rule that decides their class."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.data import build
from whypretrain.errors import InputError


def made(**options):
    spec = {"kind": "planted", "train_per_class": 300, "test_per_class": 50, **options}
    return build("cells", spec, size=12, channels=1, seed=0)


def bright(images):
    """Which of the nine cells are bright, from the pixels."""
    cells = images.images[:, 0].reshape(-1, 3, 4, 3, 4).mean(axis=(2, 4))
    return cells.reshape(len(images), 9) > 128


def test_the_class_is_whether_both_cells_of_the_pair_are_bright():
    images = made(pair=[0, 5])
    assert np.array_equal(bright(images)[:, [0, 5]].all(axis=1), images.labels == 1)
    assert images.classes == ["not both", "both"]
    assert images.about["pair"] == [0, 5]
    listed = [set(map(int, origin.split())) for origin in images.manifest["origin"]]
    assert listed == [set(np.flatnonzero(row)) for row in bright(images)]


def test_other_cells_say_nothing_of_the_class():
    images = made()
    lit = bright(images)
    means = [lit[images.labels == label].mean(axis=0) for label in (0, 1)]
    assert np.allclose(np.delete(means, [0, 8], axis=1), 0.5, atol=0.08)


def test_any_number_of_other_cells_is_bright_with_equal_chance():
    others = np.delete(bright(made(train_per_class=2000)), [0, 8], axis=1).sum(axis=1)
    assert np.allclose(np.bincount(others, minlength=8) / len(others), 1 / 8, atol=0.02)


def test_a_decoy_goes_with_the_class_as_often_as_it_says():
    images = made(pair=[2, 6], decoy=[0, 8], decoy_share=0.9)
    lit = bright(images)
    assert np.array_equal(lit[:, [2, 6]].all(axis=1), images.labels == 1)
    goes_with = lit[:, [0, 8]].all(axis=1) == (images.labels == 1)
    assert goes_with.mean() == pytest.approx(0.9, abs=0.04)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pair": [0, 9]}, "different ones below 9"),
        ({"pair": [1, 1]}, "different ones below 9"),
        ({"decoy": [0, 4]}, "different ones below 9"),
        ({"cells": 5, "pair": [0, 1]}, "do not divide images of 12 pixels"),
    ],
)
def test_pairs_that_are_none_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        made(**options)
