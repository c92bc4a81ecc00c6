"""Inversion against known solutions, the box, seeds, batches and bad input."""

from __future__ import annotations

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.invariances import invert, linear_cka, starting_noise, stir

SETTINGS = {"steps": 60, "step_size": 0.3, "seed": 3}


def flat(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(1)


def linear(d: int, seed: int = 0):
    weight = torch.randn(64, d, generator=torch.Generator().manual_seed(seed)) / 8
    return lambda images: images.flatten(1) @ weight


def test_identity_gives_back_the_images(images):
    made = invert(flat, images, steps=400, step_size=0.02, seed=0)
    assert float((made.images - images).flatten(1).norm(dim=1).max()) <= 0.02
    for tested in (linear(10), lambda x: x.flatten(1).square()):
        assert linear_cka(tested(images), tested(made.images)) > 0.9999


@pytest.mark.parametrize("layer", [lambda x: torch.ones(len(x), 5), lambda x: 0 * x.flatten(1) + 1])
def test_constant_layer_leaves_the_noise(images, layer):
    made = invert(layer, images, **SETTINGS)
    noise = starting_noise(images, seed=3).clamp(0, 1)
    assert torch.equal(made.images, noise)
    assert float(made.residual.max()) == 0
    tested = linear(10)
    assert stir(tested, layer, images, **SETTINGS) == linear_cka(tested(images), tested(noise))


def test_ignored_pixels_keep_the_noise(images):
    made = invert(lambda x: x[..., 2:].flatten(1), images, **SETTINGS)
    assert torch.equal(made.images[..., :2], made.start[..., :2])
    assert not torch.equal(made.images[..., 2:], made.start[..., 2:])


def test_residual_is_the_relative_loss_of_the_result_and_falls(images):
    layer = linear(20)
    made = invert(layer, images, **SETTINGS)
    target = layer(images)
    expected = (layer(made.images) - target).norm(dim=1) / target.norm(dim=1)
    torch.testing.assert_close(made.residual, expected, rtol=1e-5, atol=1e-6)
    at_start = (layer(made.start) - target).norm(dim=1) / target.norm(dim=1)
    assert float(made.residual.max()) < 0.2 < float(at_start.mean())


def test_best_iterate_is_kept_per_image(images):
    """With steps far too long, later iterates are often worse: more steps still never raise a residual."""
    residuals = [invert(linear(20), images, steps=steps, step_size=6.0, seed=0).residual for steps in range(6)]
    for fewer, more in pairwise(residuals):
        assert bool((more <= fewer).all())
    assert bool((residuals[5] == residuals[0]).any()), "some image should find nothing better than its start"


def test_steps_have_the_length_asked_for(images):
    made = invert(lambda x: x.flatten(1) * 5, images.double(), steps=1, step_size=0.01, seed=0, bounds=None)
    torch.testing.assert_close(made.moved, torch.full((32,), 0.01, dtype=torch.float64), rtol=1e-6, atol=0)


def test_decaying_steps_sum_to_half_and_settle_closer(images):
    """Lengths 4, 3, 2, 1 quarters of the step: a straight way of 2.5 steps; constant ones end half a step off."""
    far = invert(flat, images.double(), steps=4, step_size=0.01, seed=0, decay=True, bounds=None)
    torch.testing.assert_close(far.moved, torch.full((32,), 0.025, dtype=torch.float64), rtol=1e-6, atol=0)
    constant, decaying = (
        invert(linear(20), images, steps=60, step_size=size, seed=0, decay=decay).residual.mean()
        for size, decay in ((0.3, False), (0.6, True))
    )
    assert float(decaying) < 0.5 * float(constant)


def test_pixels_on_the_bound_move():
    """All pixels start on the bound; a clamp inside the differentiated loss would hold them there."""
    images = torch.full((4, 1, 8, 8), 0.5)
    made = invert(flat, images, steps=50, step_size=0.2, seed=0, start=torch.zeros_like(images))
    assert float(made.residual.max()) < 0.05


def test_inversion_succeeds_where_a_frozen_bound_fails():
    """The minimum is 0; with no gradient at the bound, as of a clamp in torch 2.15, the loss stays high."""
    images = torch.rand(128, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(64, 20, generator=torch.Generator().manual_seed(1))
    inside = lambda x: x * ((x > 0) & (x < 1)) + x.detach() * ~((x > 0) & (x < 1))  # noqa: E731
    free = invert(lambda x: x.flatten(1) @ weight, images, steps=100, step_size=0.1, seed=0)
    frozen = invert(lambda x: inside(x).flatten(1) @ weight, images, steps=100, step_size=0.1, seed=0)
    assert float(free.residual.mean()) < 0.02
    assert float(frozen.residual.mean()) > 0.3


@pytest.mark.parametrize("batch_size", [1, 5, 31, 100])
def test_batch_size_changes_rounding_only(images, network, batch_size):
    precise, images = copy.deepcopy(network).double(), images.double()  # 60 steps amplify the rounding of float32
    layer = lambda x: precise.blocks(x, 3)[-1]  # noqa: E731
    whole, parts = invert(layer, images, **SETTINGS), invert(layer, images, **SETTINGS, batch_size=batch_size)
    assert torch.equal(whole.start, parts.start)
    assert float((whole.images - parts.images).abs().max()) < 1e-10


def test_seed_decides_the_noise(images):
    first, again, other = (starting_noise(images, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(starting_noise(images[:3], seed=0), first[:3])
    assert abs(float(first.mean())) < 0.1
    assert float(first.std()) == pytest.approx(1, abs=0.1)


def test_numpy_images_are_taken(images):
    made = invert(linear(20), images.numpy(), **SETTINGS)
    assert torch.equal(made.images, invert(linear(20), images, **SETTINGS).images)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: 2 * x - 1, r"outside \[0.0, 1.0\]"),
        (lambda x: (255 * x).byte(), "divide 8-bit"),
        (lambda x: x[:0], "no image"),
        (lambda x: x * torch.nan, "outside"),
    ],
    ids=["range", "8 bit", "none", "nan"],
)
def test_bad_images(images, change, words):
    with pytest.raises(InputError, match=words):
        invert(flat, change(images), **SETTINGS)


@pytest.mark.parametrize("settings", [{"steps": -1, "step_size": 1.0}, {"steps": 3, "step_size": 0.0}])
def test_bad_schedule(images, settings):
    with pytest.raises(InputError, match="steps >= 0"):
        invert(flat, images, **settings, seed=0)


def _nan_late(x: torch.Tensor) -> torch.Tensor:
    """NaN for inputs that came near the fifth image: met during the descent only."""
    values = x.flatten(1)
    return values / (values[:, :1] - 0.5).sign().clamp(min=0)


def test_nan_loss_names_layer_and_image(images):
    images = images.clone()
    images[:, 0, 0, 0] = 0.9
    images[4, 0, 0, 0] = 0.2
    with pytest.raises(InputError, match=r"block 3: the loss of image \d+"):
        invert(_nan_late, images, **SETTINGS, name="block 3")


def test_zero_features_name_the_image(images):
    images = images.clone()
    images[5] = 0
    with pytest.raises(InputError, match="the layer: the loss of image 5 "):
        invert(flat, images, **SETTINGS)


def test_results_are_the_same_bytes_twice(images, network):
    layer = lambda x: network.blocks(x, 2)[-1]  # noqa: E731
    first, again = (invert(layer, images, **SETTINGS) for _ in range(2))
    assert np.array_equal(first.images.numpy(), again.images.numpy())


def test_a_batch_that_does_not_fit_into_memory_is_inverted_in_parts(images, capsys):
    layer = linear(10)

    def limited(x: torch.Tensor) -> torch.Tensor:
        if len(x) > 4 and x.requires_grad:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return layer(x)

    found, whole = (invert(each, images, **SETTINGS) for each in (limited, layer))
    torch.testing.assert_close(found.images, whole.images, atol=1e-4, rtol=1e-4)
    assert f"out of memory: batches of {len(images)} now run in 2 parts" in capsys.readouterr().err
