import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from whypretrain.training.strong_augmentation import CHANGES, cut_out, strong_view


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images():
    return torch.rand(40, 3, 12, 12, generator=generator(9))


def changed(name, images, strength, sign=1):
    strengths = torch.full((len(images),), strength)
    return CHANGES[name](images, strengths[:, None, None, None], sign * strengths).clamp(0, 1)


def test_the_generator_decides_everything(images):
    first, again, other = (strong_view(images, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 1


def test_an_image_does_not_depend_on_its_company(images):
    """Each change acts on one image alone: in a batch of copies, equal draws give equal views."""
    for name in CHANGES:
        whole, alone = changed(name, images, 0.7), changed(name, images[3:4], 0.7)
        torch.testing.assert_close(whole[3:4], alone)


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "identity"])
def test_every_change_changes(name, images):
    assert not torch.equal(changed(name, images * 0.8, 0.9), images * 0.8)


def test_there_are_fourteen_and_all_are_drawn(images, monkeypatch):
    drawn = set()
    for name, change in CHANGES.items():
        monkeypatch.setitem(CHANGES, name, lambda *a, name=name, change=change: drawn.add(name) or change(*a))
    strong_view(images.repeat(10, 1, 1, 1), generator())
    assert len(CHANGES) == 14
    assert drawn == set(CHANGES)


ORACLES = {
    "brightness": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
    "contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.5),
    "autocontrast": ImageOps.autocontrast,
    "solarize": lambda image: ImageOps.solarize(image, 128),
    "posterize": lambda image: ImageOps.posterize(image, 6),
}


@pytest.mark.parametrize("name", ORACLES)
def test_changes_are_those_of_pillow(name):
    pixels = np.random.default_rng(0).integers(40, 200, (12, 12), dtype=np.uint8)
    expected = np.asarray(ORACLES[name](Image.fromarray(pixels)))
    found = changed(name, torch.tensor(pixels)[None, None] / 255, 0.5, sign=-1)
    assert np.abs(255 * found.numpy()[0, 0] - expected).max() <= 1.01


def test_moves_are_along_their_axis():
    image = torch.zeros(1, 1, 20, 20)
    image[..., 8:12, 8:12] = 1
    for name, axis in (("translate_x", 3), ("translate_y", 2)):
        moved = changed(name, image, 1 / 3)  # 0.1 of the side: two pixels
        torch.testing.assert_close(moved, torch.roll(image, -2, axis), atol=1e-4, rtol=0)


def test_equalize_spreads_the_ranks():
    found = changed("equalize", torch.tensor([[[[0.2, 0.3], [0.31, 0.9]]]]), 0.5)
    torch.testing.assert_close(found, torch.tensor([[[[0, 1 / 3], [2 / 3, 1]]]]))


def test_cut_out_hides_at_most_a_quarter():
    hidden = (cut_out(torch.ones(500, 1, 16, 16), generator()) == 0.5).float().mean((1, 2, 3))
    assert hidden.max() <= 0.25 + 1e-6
    assert hidden.min() >= 1 / 16
    assert hidden.mean() == pytest.approx((7 / 16) ** 2, abs=0.01)  # 7/16: mean side, as the border cuts
