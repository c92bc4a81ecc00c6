"""Corruptions: each against what it is by definition, harder with each severity, and seeded."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from whypretrain.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from whypretrain.errors import InputError


@pytest.fixture(scope="module")
def images():
    """Smooth pictures away from both ends of the range."""
    x = np.linspace(0, 3, 16)
    waves = [np.sin(k * x)[:, None] * np.cos(x + k) for k in range(1, 21)]
    return (100 + 40 * np.stack(waves)).astype(np.uint8)[:, None]


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_severities_hurt_more_and_more(name, images):
    changes = [np.abs(corrupt(images, name, s, seed=0) - images.astype(float)).mean() for s in SEVERITIES]
    assert changes == sorted(changes)
    assert changes[0] > 0.1


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_an_image_depends_on_seed_and_place_alone(name, images):
    found = corrupt(images, name, 3, seed=0)
    assert np.array_equal(found[:5], corrupt(images[:5], name, 3, seed=0))
    assert (found.shape, found.dtype) == (images.shape, np.uint8)
    assert np.array_equal(found, corrupt(images, name, 3, seed=1)) == ("noise" not in name)


def test_noise_has_its_standard_deviation():
    grey = np.full((200, 1, 16, 16), 128, np.uint8)
    assert corrupt(grey, "gaussian_noise", 1, seed=0).std() / 255 == pytest.approx(0.08, rel=0.02)


def test_shot_noise_counts_photons():
    """Poisson: a grey level p of a white pixel's n photons has mean p and variance p / n."""
    grey = np.full((200, 1, 16, 16), 64, np.uint8)
    found = corrupt(grey, "shot_noise", 1, seed=0) / 255
    assert found.mean() == pytest.approx(64 / 255, rel=0.01)
    assert found.var() == pytest.approx(64 / 255 / 60, rel=0.03)


def test_impulse_noise_turns_as_many_black_as_white():
    grey = np.full((200, 3, 16, 16), 128, np.uint8)
    found = corrupt(grey, "impulse_noise", 5, seed=0)
    assert {*np.unique(found)} == {0, 128, 255}
    assert [(found == end).mean() for end in (0, 255)] == pytest.approx([0.135, 0.135], rel=0.03)


def test_blur_spreads_a_point_by_its_width():
    """Severity 3 of 64 pixels: a standard deviation of 0.045 of the side."""
    point = np.zeros((1, 1, 65, 65), np.uint8)
    point[..., 30:35, 30:35] = 255
    spread = corrupt(point, "blur", 3, seed=0)[0, 0].astype(float)
    rows = spread.sum(1) / spread.sum()
    deviation = np.sqrt((rows * (np.arange(65) - 32) ** 2).sum())
    assert deviation == pytest.approx(np.hypot(0.045 * 65, np.sqrt(2)), rel=0.03)  # √2: of the square


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_compression_is_that_of_the_codec(images, channels):
    coloured = np.concatenate([images, images[::-1], images.swapaxes(2, 3)][:channels], axis=1)
    found = corrupt(coloured, "jpeg_compression", 4, seed=0)
    layer = coloured[7].transpose(1, 2, 0) if channels == 3 else coloured[7, -1]
    with io.BytesIO() as file:
        Image.fromarray(layer).save(file, "JPEG", quality=10)
        expected = np.asarray(Image.open(file))
    assert np.array_equal(found[7].transpose(1, 2, 0) if channels == 3 else found[7, -1], expected)


def test_brightness_and_contrast_by_definition(images):
    np.testing.assert_allclose(corrupt(images, "brightness", 2, seed=0), images + 51.0, atol=0.51)
    mean = images.mean((2, 3), keepdims=True)
    np.testing.assert_allclose(corrupt(images, "contrast", 3, seed=0), mean + 0.2 * (images - mean), atol=0.51)


def test_pixels_of_half_the_side_are_means_of_four(images):
    means = images.reshape(20, 1, 8, 2, 8, 2).mean((3, 5))
    expected = means.repeat(2, 2).repeat(2, 3)
    np.testing.assert_allclose(corrupt(images, "pixelate", 2, seed=0), expected, atol=0.51)


def test_blur_and_pixelation_leave_a_flat_image():
    flat = np.full((2, 3, 15, 12), 77, np.uint8)
    for name in ("blur", "pixelate"):
        assert (corrupt(flat, name, 5, seed=0) == 77).all()


@pytest.mark.parametrize(("name", "severity"), [("fog", 1), ("blur", 0), ("blur", 6)])
def test_unknown_is_named(name, severity, images):
    with pytest.raises(InputError, match=r"fog|severity"):
        corrupt(images, name, severity, seed=0)


def test_rotation_turns_images_to_both_sides():
    """A bar to the right of the centre goes up in the first image and down in the second, by 45 degrees."""
    bar = np.zeros((2, 1, 65, 65), np.uint8)
    bar[:, :, 31:34, 40:60] = 255
    weight = corrupt(bar, "rotation", 4, seed=0)[:, 0].astype(float)
    rows, columns = np.indices((65, 65)) - 32
    angles = [np.degrees(np.arctan2(-(image * rows).sum(), (image * columns).sum())) for image in weight]
    assert angles == pytest.approx([45, -45], abs=1)
