"""Corruptions: each against what it is by definition, harder with each severity, and seeded."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.corruptions import CORRUPTIONS, SEVERITIES, corrupt
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
    assert np.array_equal(found, corrupt(images, name, 3, seed=1)) == (name != "gaussian_noise")


def test_noise_has_its_standard_deviation():
    grey = np.full((200, 1, 16, 16), 128, np.uint8)
    assert corrupt(grey, "gaussian_noise", 1, seed=0).std() / 255 == pytest.approx(0.08, rel=0.02)


def test_brightness_and_contrast_by_definition(images):
    np.testing.assert_allclose(corrupt(images, "brightness", 2, seed=0), images + 51.0, atol=0.51)
    mean = images.mean((2, 3), keepdims=True)
    np.testing.assert_allclose(
        corrupt(images, "contrast", 3, seed=0), mean + 0.2 * (images - mean), atol=0.51
    )


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
