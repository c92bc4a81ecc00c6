"""Reconstruction: the shuffle puts pixels where they belong, the loss is the published one, and training lowers it."""

import numpy as np
import pytest
import torch

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.training import Recipe, train
from whypretrain.training.reconstruction import Decoder, reconstruction_loss

RECIPE = Recipe(task="reconstruction", steps=60, batch_size=16, learning_rate=5e-3, checkpoints=3)


def test_the_map_of_a_vit_has_its_patches_in_their_places(model):
    images = torch.rand(2, 1, 8, 8)
    found = model.feature_map(images)
    assert found.shape == (2, 12, 2, 2)
    tokens = model.backbone.forward_features(model.normalised(images))
    assert torch.equal(found[1, :, 1, 0], tokens[1, 1 + 2])  # class token first, then row by row


def test_each_place_fills_its_own_square(model):
    decoder = Decoder(model, seed=0)
    features = torch.zeros(1, 12, 2, 2)
    features[0, :, 0, 1] = 1
    changed = (decoder(features) - decoder(torch.zeros(1, 12, 2, 2))).abs()[0, 0].detach()
    assert changed[:4, 4:].min() > 0
    assert changed.sum() == pytest.approx(changed[:4, 4:].sum().item())


def test_loss_is_the_published_one(model):
    images, decoder = torch.rand(3, 1, 8, 8), Decoder(model, seed=0)
    difference = (decoder(model.feature_map(images)) - images).abs().sum()
    assert reconstruction_loss(model, decoder, images).item() == pytest.approx(
        difference.item() / (8 * 1 * 3), rel=1e-5
    )


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_training_lowers_the_loss_and_leaves_the_head(name, model, target):
    if name == "resnet":
        options = {"layers": [1, 1, 1, 1], "channels": [8] * 4}
        model = models.build(models.Architecture("resnet18", 8, 1, options, "small"), target.classes, seed=0)
    head = model.head.weight.detach().clone()
    result = train(model, target, RECIPE, seed=0)
    losses = result.history.loss.to_numpy()
    assert np.isfinite(losses).all()
    assert losses[-5:].mean() < 0.8 * losses[:5].mean()
    assert {0, 60} <= set(result.checkpoints)
    assert torch.equal(model.head.weight, head)


def test_the_same_seed_gives_the_same_model(vit, target):
    made = [models.build(vit, target.classes, seed=3) for _ in range(2)]
    for each in made:
        train(each, target, RECIPE, seed=1)
    states = [each.state_dict() for each in made]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_source_makes_no_sense():
    with pytest.raises(InputError, match="takes no source"):
        Recipe.from_config({"task": "reconstruction", "source": "uot"})
