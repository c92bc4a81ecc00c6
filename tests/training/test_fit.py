import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from whypretrain.config.recipe import Recipe
from whypretrain.training.fit import fit
from whypretrain.training.samples import Samples


class Tiny(nn.Module):
    """Backbone y = a x and head z = b y + c on two-dimensional inputs."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(2, 2, bias=False)
        self.head = nn.Linear(2, 2)

    def features(self, inputs):
        return self.backbone(inputs)


def _tiny(seed=0):
    torch.manual_seed(seed)
    inputs = torch.randn(6, 2)
    return Tiny(), Samples(inputs, np.array([0, 1, 0, 1, 1, 0]), batch_size=6, augmentation=None, seed=0, name="target")


def test_two_steps_of_sgd_by_hand():
    """v <- m v + g + w d; theta <- theta - lr (g + w d + m v) (Nesterov), the head at ten times the rate."""
    network, samples = _tiny()
    by_hand = copy.deepcopy(network)
    recipe = Recipe(
        steps=2, batch_size=6, optimizer="sgd", learning_rate=0.05, head_learning_rate_factor=10.0,
        weight_decay=0.01, momentum=0.9, schedule="step", warmup=0.0, milestones=(0.5,),
    )  # fmt: skip
    fit(network, samples, recipe, seed=0)
    names = [name for name, _ in by_hand.named_parameters()]
    theta = dict(by_hand.named_parameters())
    velocity = {name: torch.zeros_like(theta[name]) for name in names}
    for factor in (1.0, 0.1):
        logits = (samples.images @ theta["backbone.weight"].T) @ theta["head.weight"].T + theta["head.bias"]
        loss = F.cross_entropy(logits, samples.labels)
        gradients = torch.autograd.grad(loss, [theta[name] for name in names])
        for name, gradient in zip(names, gradients, strict=True):
            decayed = gradient + 0.01 * theta[name]
            velocity[name] = (0.9 * velocity[name] + decayed).detach()
            rate = 0.05 * factor * (10 if name.startswith("head") else 1)
            theta[name] = (theta[name] - rate * (decayed + 0.9 * velocity[name])).detach().requires_grad_()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter, theta[name], rtol=1e-5, atol=1e-7)


def test_adamw_first_step_moves_by_the_learning_rate():
    """The first step of Adam is lr * sign(gradient), whatever the gradient's size."""
    network, samples = _tiny()
    start = copy.deepcopy(network.state_dict())
    recipe = Recipe(
        steps=1, learning_rate=0.01, head_learning_rate_factor=3.0, schedule="step", warmup=0.0, clip_norm=1e-3
    )
    fit(network, samples, recipe, seed=0)
    moved = {name: (tensor - start[name]).abs() for name, tensor in network.state_dict().items()}
    torch.testing.assert_close(moved["backbone.weight"], torch.full((2, 2), 0.01), rtol=1e-2, atol=0)
    torch.testing.assert_close(moved["head.weight"], torch.full((2, 2), 0.03), rtol=1e-2, atol=0)


def test_clipping_bounds_the_step():
    recipe = Recipe(
        steps=1, optimizer="sgd", momentum=0.0, learning_rate=1.0, schedule="step", warmup=0.0, clip_norm=0.01
    )
    network, samples = _tiny()
    before = nn.utils.parameters_to_vector(network.parameters()).clone()
    fit(network, samples, recipe, seed=0)
    step = nn.utils.parameters_to_vector(network.parameters()) - before
    assert step.norm().item() == pytest.approx(0.01, rel=1e-3)


def test_history_and_checkpoints():
    network, samples = _tiny()
    start = copy.deepcopy(network.state_dict())
    result = fit(network, samples, Recipe(steps=10, batch_size=6, learning_rate=0.1, checkpoints=3), seed=0)
    assert list(result.checkpoints) == [0, 1, 10]
    assert all(torch.equal(result.checkpoints[0][name], tensor) for name, tensor in start.items())
    assert all(torch.equal(result.checkpoints[10][name], tensor) for name, tensor in network.state_dict().items())
    history = result.history
    assert history["step"].tolist() == list(range(1, 11))
    with torch.no_grad():
        network.load_state_dict(result.checkpoints[1])
        loss = F.cross_entropy(network.head(network.features(samples.images)), samples.labels)
    assert history["loss"][1] == pytest.approx(loss.item(), rel=1e-6)
    assert history["source_loss"].isna().all()
    assert result.images_seen == 60


def test_the_callers_random_state_is_left_alone():
    network, samples = _tiny()
    before = torch.get_rng_state()
    fit(network, samples, Recipe(steps=2), seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_consistency_trains_one_head_and_counts_both_views(model, target, source):
    from whypretrain.training import train

    recipe = Recipe(steps=4, batch_size=8, source="uot", source_loss="consistency", source_ratio=0.5)
    start = copy.deepcopy(model.state_dict())
    result = train(model, target, recipe, seed=0, source=source, source_classes=[1, 3])
    assert result.images_seen == 4 * (8 + 2 * 4)
    assert result.history["source_loss"].gt(0).all()
    assert result.checkpoints == {}
    assert not torch.equal(start["head.weight"], model.state_dict()["head.weight"])


def test_consistency_does_not_see_source_labels(vit, target, source):
    from whypretrain import models
    from whypretrain.data import ImageSet
    from whypretrain.training import train

    recipe = Recipe(steps=3, batch_size=8, source="uot", source_loss="consistency")
    shuffled = source.manifest.assign(label=(source.manifest["label"] + 1) % 7)
    weights = []
    for images in (source, ImageSet(source.images, shuffled)):
        network = models.build(vit, target.classes, seed=3)
        train(network, target, recipe, seed=0, source=images)
        weights.append(network.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
