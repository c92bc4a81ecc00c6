"""Copies are found whatever was done to their grey values; everything else is not."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.data.duplicates import nearest_similarity


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 200, (30, 1, 12, 12), dtype=np.uint8)


def test_it_is_the_largest_correlation(images):
    first, others = images[:10], images[10:]
    table = np.corrcoef(images.reshape(30, -1))[:10, 10:]
    np.testing.assert_allclose(nearest_similarity(first, others), table.max(axis=1), atol=1e-6)


@pytest.mark.parametrize("size", [12, 16, 17, 40, 64])
def test_copies_are_found_at_any_size(size):
    large = np.random.default_rng(1).integers(0, 200, (6, 3, size, size), dtype=np.uint8)
    copies = np.clip(large[2:3] * 0.8 + 20, 0, 255).astype(np.uint8)
    similarity = nearest_similarity(large, copies)
    assert similarity[2] > 0.999
    assert np.delete(similarity, 2).max() < 0.5


def test_blocks_change_nothing(images, monkeypatch):
    whole = nearest_similarity(images, images[::2])
    monkeypatch.setattr("whypretrain.data.duplicates._BLOCK", 40)
    np.testing.assert_allclose(nearest_similarity(images, images[::2]), whole, atol=1e-6)


def test_plain_images_and_empty_sets_are_like_nothing(images):
    plain = np.full((2, 1, 12, 12), 7, dtype=np.uint8)
    assert nearest_similarity(plain, np.concatenate([plain, images])).tolist() == [0, 0]
    assert nearest_similarity(images, images[:0]).tolist() == [-1] * 30
    assert nearest_similarity(images[:0], images).shape == (0,)
