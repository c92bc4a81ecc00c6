import numpy as np
import pytest
import torch
from scipy import ndimage

from whypretrain.config.augmentation import Augmentation
from whypretrain.training.augment import affine_matrices, augment, random_crop, warp

STRONG = Augmentation(rotation=20, translation=0.1, scale=0.2, shear=10, area=0.6, crop=2, flip=True, noise=0.1)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _images(number=6, side=9):
    return torch.rand(number, 2, side, side, generator=_generator(9))


def test_defaults_leave_the_images_alone():
    assert augment(_images(), Augmentation(), _generator()) is not None
    assert torch.equal(augment(_images(), Augmentation(), _generator()), _images())


def test_the_generator_decides_everything():
    first, again, other = (augment(_images(), STRONG, _generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == _images().shape
    assert 0 <= first.min() <= first.max() <= 1


@pytest.mark.parametrize("name", list(Augmentation.model_fields))
def test_each_setting_alone_changes_the_images(name):
    setting = Augmentation(**{name: getattr(STRONG, name)})
    assert not torch.equal(augment(_images(), setting, _generator()), _images())


@pytest.mark.parametrize("angle", [90.0, 33.0])
def test_rotation_is_that_of_scipy(angle):
    """A fixed rotation, compared in the middle, where the treatment of the border does not matter."""
    image = ndimage.gaussian_filter(np.random.default_rng(0).random((31, 31)), 2.0)
    radians = np.deg2rad(angle)
    matrix = torch.tensor([[np.cos(radians), -np.sin(radians), 0], [np.sin(radians), np.cos(radians), 0]])
    ours = warp(torch.tensor(image)[None, None], matrix[None])[0, 0].numpy()
    scipys = ndimage.rotate(image, angle, reshape=False, order=1)
    np.testing.assert_allclose(ours[10:21, 10:21], scipys[10:21, 10:21], atol=1e-6)


def test_affine_parameters_keep_to_their_ranges():
    number = 4000
    rotation = affine_matrices(number, Augmentation(rotation=25.0), _generator())
    angles = torch.rad2deg(torch.atan2(rotation[:, 1, 0], rotation[:, 0, 0]))
    assert 24.5 < angles.abs().max() <= 25
    size = 1 / affine_matrices(number, Augmentation(scale=0.25), _generator())[:, 0, 0]
    assert (size.min().item(), size.max().item()) == pytest.approx((0.8, 1.25), rel=0.01)
    shift = affine_matrices(number, Augmentation(translation=0.1), _generator())[:, :, 2]
    assert 0.199 < shift.abs().max() <= 0.2  # the side is 2 long in these coordinates


def test_resized_crops_stay_within_the_image():
    matrices = affine_matrices(4000, Augmentation(area=0.3), _generator())
    side, shift = matrices[:, 0, 0], matrices[:, :, 2]
    assert side.min().item() == pytest.approx(0.3**0.5, abs=0.01)
    assert (shift.abs().amax(1) + side).max() <= 1 + 1e-6


def test_random_crops_are_windows_of_the_padded_image():
    images = _images(50, 5)
    padded = torch.nn.functional.pad(images, [2] * 4)
    cut = random_crop(images, 2, _generator())
    windows = padded.unfold(2, 5, 1).unfold(3, 5, 1)  # (B, C, 5, 5, 5, 5)
    places = [
        [
            (row, column)
            for row in range(5)
            for column in range(5)
            if torch.equal(windows[image, :, row, column], cut[image])
        ]
        for image in range(50)
    ]
    assert all(len(found) == 1 for found in places)
    assert len({found[0] for found in places}) > 12


def test_flip_mirrors_about_half():
    images = _images(400)
    flipped = augment(images, Augmentation(flip=True), _generator())
    mirrored = (flipped == images.flip(3)).all((1, 2, 3))
    assert ((flipped == images).all((1, 2, 3)) | mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_noise_has_its_standard_deviation():
    grey = torch.full((200, 1, 16, 16), 0.5)
    assert augment(grey, Augmentation(noise=0.05), _generator()).std().item() == pytest.approx(0.05, rel=0.02)
