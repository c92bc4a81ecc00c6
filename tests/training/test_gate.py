"""Reduced precision: where it is used, what it is compared with, and what it leaves."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from whypretrain import models
from whypretrain.runtime.precision import Precision
from whypretrain.training import Recipe, train
from whypretrain.training.fit import fit
from whypretrain.training.gate import TOLERANCE, safe_for_gradients, without_trace
from whypretrain.training.samples import Samples

BFLOAT16 = Recipe(steps=6, batch_size=14, learning_rate=5e-3, precision="bfloat16")


def weights(model):
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def test_bfloat16_trains_float32_weights_near_those_of_float32(vit, target, capsys):
    found = {}
    for precision in ("float32", "bfloat16"):
        model, seen = models.build(vit, target.classes, seed=3), set()
        model.head.register_forward_hook(lambda *given, seen=seen: seen.add(given[-1].dtype))
        result = train(model, target, Recipe(steps=6, batch_size=14, precision=precision), seed=1)
        found[precision] = weights(model)
        assert (result.precision, found[precision].dtype) == (precision, torch.float32)
        assert getattr(torch, precision) in seen
    start = weights(models.build(vit, target.classes, seed=3))
    moved = (found["float32"] - start).norm()
    assert 0 < (found["bfloat16"] - found["float32"]).norm() < 0.3 * moved
    assert capsys.readouterr().err == ""


class Cancelling(nn.Module):
    """Features are small differences of large numbers: bfloat16 has none of their digits."""

    def __init__(self):
        super().__init__()
        self.backbone, self.head = nn.Linear(4, 4), nn.Linear(4, 2)
        self.away = nn.Linear(4, 4)

    def features(self, inputs):
        return (self.backbone(inputs) + 1000 * self.away(inputs)) - 1000 * self.away(inputs).float()


def test_a_network_that_loses_its_digits_is_trained_in_float32(capsys):
    torch.manual_seed(0)
    network, inputs = Cancelling(), torch.randn(8, 4)
    other = copy.deepcopy(network)
    samples = Samples(inputs, np.arange(8) % 2, batch_size=8, augmentation=None, seed=0, name="target")
    result = fit(network, samples, Recipe(steps=3, batch_size=8, precision="bfloat16"), seed=0)
    assert result.precision == "float32"
    assert "precision: bfloat16 would move the first gradient by" in capsys.readouterr().err
    fit(other, samples, Recipe(steps=3, batch_size=8), seed=0)
    assert torch.equal(weights(network), weights(other))


@pytest.mark.parametrize(
    ("rounded", "safe"),
    [
        ([[1.0, 0.0], [3.0, 4.0]], True),
        ([[1.0, 0.9 * TOLERANCE], [3.0, 4.0]], True),
        ([[1.0, 1.1 * TOLERANCE], [3.0, 4.0]], False),  # the direction of one part
        ([[1.0, 0.0], [3.0, 4.0 + 5.5 * TOLERANCE]], False),  # the length of the other
        ([[1.0, 0.0], [3.0, float("nan")]], False),
    ],
)
def test_every_part_of_the_network_must_agree(rounded, safe):
    given = {"float32": [[1.0, 0.0], [3.0, 4.0]], "bfloat16": rounded}
    found = safe_for_gradients("bfloat16", lambda dtype: [torch.tensor(each) for each in given[dtype]])
    assert found == ("bfloat16" if safe else "float32")


def test_the_choice_of_the_batch_moves_a_gradient_by_more_than_its_length(vit, target):
    """What the tolerance is measured by: images of the training set, halves of it in turn."""
    model = models.build(vit, target.classes, seed=3)
    images = target.split("train")
    inputs, labels = models.as_input(images.images), torch.tensor(images.labels)
    gradients = []
    for rows in torch.randperm(len(images), generator=torch.Generator().manual_seed(0)).chunk(2):
        model.zero_grad()
        nn.functional.cross_entropy(model(inputs[rows]), labels[rows]).backward()
        gradients.append(torch.cat([one.grad.flatten() for one in model.parameters()]))
    assert (gradients[0] - gradients[1]).norm() > 10 * TOLERANCE * gradients[0].norm()


def test_the_comparison_leaves_no_trace():
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten())
    state, images = copy.deepcopy(network.state_dict()), torch.randn(5, 1, 4, 4)
    with without_trace(network):
        first, second = network(images), network(images)
        assert torch.equal(first, second)  # no dropout
        assert torch.allclose(first.view(5, 3, -1).mean((0, 2)), torch.zeros(3), atol=1e-6)  # of the batch
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
    assert all(module.training for module in network.modules())


def test_the_precision_is_kept_when_a_run_is_taken_up(vit, target, tmp_path):
    """Without the first step's gradients a resumed run cannot ask again."""
    unbroken, broken, resumed = (models.build(vit, target.classes, seed=3) for _ in range(3))
    calls = itertools.count()

    def interrupt(*_):
        if next(calls) == 5:  # two of the gate, three of steps
            raise KeyboardInterrupt

    broken.head.register_forward_pre_hook(interrupt)
    train(unbroken, target, BFLOAT16, seed=1)
    file = tmp_path / "running"
    with pytest.raises(KeyboardInterrupt):
        train(broken, target, BFLOAT16, seed=1, checkpoint_file=file, save_every=0.0)
    assert train(resumed, target, BFLOAT16, seed=1, checkpoint_file=file).precision == "bfloat16"
    assert torch.equal(weights(unbroken), weights(resumed))


def test_recipes_know_the_precisions():
    from typing import get_args

    assert [Recipe(precision=each).precision for each in get_args(Precision)] == [
        "float32", "tf32", "bfloat16",
    ]  # fmt: skip
    assert "precision" not in Recipe().as_config()
    assert BFLOAT16.as_config()["precision"] == "bfloat16"
