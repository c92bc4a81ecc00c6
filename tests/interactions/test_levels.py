"""Hiding features behind the stem, compared with hiding pixels."""

import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.interactions import grid_players, score_coalitions
from whypretrain.interactions.levels import Features, Pixels
from whypretrain.models import Architecture, as_input, build

VIT = Architecture("vit_tiny_patch16_224", 16, 1, {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2})
RESNET = Architecture("resnet18", 16, 1, {"layers": [1, 1, 1, 1], "channels": [4, 6, 8, 10]}, stem="small")


@pytest.fixture
def inputs():
    pixels = np.random.default_rng(0).integers(0, 256, size=(3, 1, 16, 16), dtype=np.uint8)
    players = [grid_players(4, 5, 16, image=str(index)) for index in range(3)]
    return {"images": as_input(pixels), "labels": [0, 1, 2], "players": players}


def scored(level, networks, inputs):
    return {
        name: row
        for batch, given in level.batches(networks, inputs)
        for name, row in zip(batch, score_coalitions(batch, **given), strict=True)
    }


def networks(architecture):
    return {str(seed): build(architecture, ["a", "b", "c"], seed=seed).eval() for seed in (1, 2)}


def test_hidden_tokens_of_a_vit_are_those_of_hidden_patches(inputs):
    """A patch is embedded by itself: its features' mean over black images is what a black patch has."""
    black = np.zeros((2, 1, 16, 16), np.uint8)
    pixels = scored(Pixels(np.zeros((1, 1, 1, 1), np.float32)), networks(VIT), inputs)
    for kind in ("mean", "dataset"):
        features = scored(Features(kind, black), networks(VIT), inputs)
        for name, row in pixels.items():
            np.testing.assert_allclose(features[name], row, atol=1e-5)


@pytest.mark.parametrize("kind", ["zero", "mean", "dataset"])
def test_with_all_features_shown_the_score_is_that_of_the_image(inputs, kind):
    reference = np.full((2, 1, 16, 16), 90, np.uint8)
    pixels = scored(Pixels(np.zeros((1, 1, 1, 1), np.float32)), networks(RESNET), inputs)
    features = scored(Features(kind, reference), networks(RESNET), inputs)
    for name, row in pixels.items():
        np.testing.assert_allclose(features[name][:, -1], row[:, -1], atol=1e-5)
        assert np.abs(features[name] - row).max() > 1e-4


def test_means_of_features_are_those_of_the_reference_images(inputs):
    reference = np.random.default_rng(1).integers(0, 256, size=(300, 1, 16, 16), dtype=np.uint8)
    stem = torch.nn.Conv2d(1, 4, 3, padding=1)
    features = stem(as_input(reference)).detach().numpy()
    for kind, expected in (("mean", features.mean(axis=(0, 2, 3))), ("dataset", features.mean(axis=0))):
        found = Features(kind, reference)._baseline(stem).detach().numpy()
        np.testing.assert_allclose(found.squeeze(), expected, atol=1e-5)


def test_a_blurred_image_hides_no_features():
    with pytest.raises(InputError, match="baseline 'blur' hides no features: use zero, mean or dataset"):
        Features("blur", np.zeros((1, 1, 16, 16), np.uint8))


def test_players_smaller_than_a_feature_are_refused(inputs):
    small = [grid_players(8, 10, 16)] * 3
    with pytest.raises(InputError, match=r"has no position on a grid of \(4, 4\)"):
        scored(Features("zero", np.zeros((1, 1, 16, 16), np.uint8)), networks(VIT), {**inputs, "players": small})
