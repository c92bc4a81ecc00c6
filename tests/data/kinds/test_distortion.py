"""Affine maps against matrices worked out by hand, and the pixel operations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from whypretrain.data.kinds.distortion import Distortion, affine_maps, distorted, full_contrast, noisy, thickened

NONE = Distortion(rotation=0, scale=0, shear=0, shift=0, stroke=0, blur=0, noise=0)


def maps(count=400, side=64, **strengths):
    return affine_maps(count, replace(NONE, **strengths), side, np.random.default_rng(0)).reshape(count, 2, 3)


def test_no_strength_is_the_identity():
    assert np.allclose(maps(), [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize("strengths", [{"rotation": 20}, {"scale": 0.3}, {"shear": 0.4}])
def test_linear_parts_keep_the_centre(strengths):
    found = maps(**strengths)
    assert np.allclose(found @ [32, 32, 1], 32)
    assert not np.allclose(found[:, :, :2], np.eye(2))


def test_rotation_is_orthogonal_and_bounded():
    linear = maps(rotation=20)[:, :, :2]
    assert np.allclose(linear @ linear.transpose(0, 2, 1), np.eye(2))
    angle = np.rad2deg(np.arctan2(linear[:, 1, 0], linear[:, 0, 0]))
    assert 15 < np.abs(angle).max() <= 20
    assert angle.min() < 0 < angle.max()


def test_scale_and_shear_are_bounded():
    size = 1 / np.diagonal(maps(scale=0.3), axis1=1, axis2=2)
    assert size.min() >= 0.7
    assert size.max() <= 1.3
    assert np.abs(maps(shear=0.4)[:, 0, 1]).max() == pytest.approx(0.4, abs=0.02)


def test_shift_moves_a_pixel_by_a_share_of_the_side():
    offset = maps(shift=0.1, side=50)[:, :, 2]
    assert 4.5 < np.abs(offset).max() <= 5


def test_distorted_moves_ink_as_the_map_says():
    pixels = np.zeros((32, 32), dtype=np.uint8)
    pixels[8:16, 8:16] = 255
    moved = distorted(Image.fromarray(pixels), np.array([1, 0, -8, 0, 1, -4], dtype=float), 0.0, 8)
    expected = np.zeros((8, 8))
    expected[3:5, 4:6] = 255  # right by 8 of 32 pixels, down by 4
    assert np.array_equal(moved, expected)


def test_blur_spreads_ink_and_keeps_its_sum():
    pixels = np.zeros((32, 32), dtype=np.uint8)
    pixels[14:18, 14:18] = 240
    identity = np.array([1, 0, 0, 0, 1, 0], dtype=float)
    sharp, soft = (distorted(Image.fromarray(pixels), identity, blur, 32).astype(int) for blur in (0.0, 2.0))
    assert (soft > 0).sum() > 2 * (sharp > 0).sum()
    assert soft.sum() == pytest.approx(sharp.sum(), rel=0.05)


@pytest.mark.parametrize(("growth", "ink"), [(0, 1), (1, 9), (3, 49)])
def test_thickened_grows_a_point_to_a_square(growth, ink):
    pixels = np.zeros((16, 16), dtype=np.uint8)
    pixels[8, 8] = 255
    assert (np.asarray(thickened(Image.fromarray(pixels), growth)) == 255).sum() == ink


def test_full_contrast_and_noise():
    images = np.stack([np.full((64, 64), 100), np.zeros((64, 64))]).astype(np.uint8)
    assert full_contrast(images).max(axis=(1, 2)).tolist() == [255, 0]
    assert np.array_equal(noisy(images, 0.0, np.random.default_rng(0)), images)
    grain = noisy(images, 0.05, np.random.default_rng(0))[0].astype(float)
    assert grain.std() == pytest.approx(0.05 * 255, rel=0.05)
    assert grain.mean() == pytest.approx(100, abs=1)
