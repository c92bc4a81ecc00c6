"""The digits kind against scikit-learn's own arrays."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from whypretrain.data import build


def test_every_image_once_with_its_label():
    made = build("digits", {"kind": "digits"}, size=8, channels=1, seed=0)
    origin = made.manifest["origin"].str.split().str[-1].astype(int).to_numpy()
    found = load_digits()
    assert sorted(origin) == list(range(1797))
    assert np.array_equal(made.labels, found.target[origin])
    assert np.abs(made.images[:, 0] - found.images[origin] * 255 / 16).max() <= 0.5  # size 8: no resampling
    assert made.concepts == ["digits"] * 10


def test_few_shot_subset_at_16_pixels():
    made = build("digits", {"kind": "digits", "train_size": 100}, size=16, channels=1, seed=0)
    train, test = made.split("train"), made.split("test")
    assert train.images.shape == (100, 1, 16, 16)
    assert np.bincount(train.labels).tolist() == [10] * 10
    assert len(test) >= 800
    assert not set(train.manifest["origin"]) & set(test.manifest["origin"])
    assert made.images.max() == 255


def test_more_training_images_leave_the_test_split_alone():
    small, large = (build("d", {"kind": "digits", "train_size": n}, size=8, channels=1, seed=4) for n in (20, 200))
    assert small.split("test").manifest["origin"].equals(large.split("test").manifest["origin"])
    assert set(small.split("train").manifest["origin"]) < set(large.split("train").manifest["origin"])
