"""Models of known answers: what a change leaves, and what it moves."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from whypretrain import models
from whypretrain.config.derived import Derived
from whypretrain.config.recipe import Recipe
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.stages import derive_methods
from whypretrain.training.derived import derive
from whypretrain.training.trainer import train

RESNET = {"name": "resnet18", "stem": "small", "options": {"layers": [1, 1, 1, 1], "channels": [8, 8, 8, 8]}}
VIT = {
    "name": "vit_tiny_patch16_224",
    "options": {"patch_size": 4, "embed_dim": 12, "depth": 3, "num_heads": 2, "class_token": True},
}


@pytest.fixture(scope="module")
def data(target):
    return target


def network(data, architecture, seed=0):
    about = {**architecture, "size": data.images.shape[-1], "channels": data.images.shape[1]}
    return models.build(models.Architecture.from_dict(about), data.classes, seed=seed).eval()


def outputs(model, data):
    with torch.no_grad():
        return model(models.as_input(data.images[:8])).numpy()


@pytest.mark.parametrize("architecture", [RESNET, VIT], ids=["resnet", "vit"])
def test_interpolation_is_between_weights_and_ends_at_both_models(data, architecture):
    one, other = network(data, architecture), network(data, architecture, seed=1)
    ends = [
        derive(Derived(change="interpolate", base="a", toward="b", dose=d), one, other, data, seed=0) for d in (0, 1)
    ]
    for end, model in zip(ends, (one, other), strict=True):
        for name, weight in model.named_parameters():
            torch.testing.assert_close(end.get_parameter(name), weight)
    half = derive(Derived(change="interpolate", base="a", toward="b", dose=0.5), one, other, data, seed=0)
    torch.testing.assert_close(half.head.weight, (one.head.weight + other.head.weight) / 2)


def test_statistics_are_those_of_the_training_images(data):
    found = derive(Derived(change="redraw", base="a", dose=4), network(data, RESNET), None, data, seed=1)
    images = models.as_input(data.images[data.rows("train")])
    first = found.backbone.conv1(found.normalised(images))
    torch.testing.assert_close(found.backbone.bn1.running_mean, first.mean((0, 2, 3)), rtol=1e-3, atol=1e-3)
    assert not found.training


def test_noise_grows_and_the_last_blocks_are_redrawn(data):
    model = network(data, VIT)
    before = dict(model.named_parameters())

    def moved(found):
        return {name: float((weight - before[name]).detach().norm()) for name, weight in found.named_parameters()}

    small, large = (
        moved(derive(Derived(change="noise", base="a", dose=dose), model, None, data, seed=0)) for dose in (0.1, 0.2)
    )
    assert all(large[name] == pytest.approx(2 * small[name], rel=1e-3) for name in small)
    redrawn = moved(derive(Derived(change="redraw", base="a", dose=1), model, None, data, seed=3))
    assert {name.split(".")[2] for name, size in redrawn.items() if size} == {"2"}
    with pytest.raises(InputError, match="has 3 blocks, not 4"):
        derive(Derived(change="redraw", base="a", dose=4), model, None, data, seed=3)


@pytest.mark.parametrize("architecture", [RESNET, VIT], ids=["resnet", "vit"])
@pytest.mark.parametrize("blocks", [1, 2])
def test_frozen_blocks_stay_as_they_are_with_their_statistics(data, architecture, blocks):
    model = network(data, architecture)
    images = models.as_input(data.images[:8])
    with torch.no_grad():
        before = model.blocks(images)
    train(model, data, Recipe(steps=5, batch_size=16, frozen_blocks=blocks, weight_decay=0.1), seed=0)
    with torch.no_grad():
        after = model.blocks(images)
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        assert torch.equal(old, new) == (number <= blocks)
    assert all(each.requires_grad for each in model.parameters())
    with pytest.raises(InputError, match="frozen_blocks"):
        train(model, data, Recipe(steps=1, frozen_blocks=9), seed=0)


def test_a_pull_keeps_the_backbone_near_its_start(data):
    distances = []
    for pull in (0.0, 10.0):
        model = network(data, VIT)
        start = {name: weight.detach().clone() for name, weight in model.backbone.named_parameters()}
        train(model, data, Recipe(steps=20, batch_size=16, optimizer="sgd", learning_rate=0.02, pull=pull), seed=0)
        moved = [(weight - start[name]).norm() for name, weight in model.backbone.named_parameters()]
        distances.append(float(torch.stack(moved).detach().norm()))
    assert distances[1] < 0.6 * distances[0]


def test_a_placebo_gives_the_same_outputs(data):
    model = network(data, RESNET)
    for change in ("permute_units", "rescale_units"):
        found = derive(Derived(change=change, base="a"), model, None, data, seed=0)
        np.testing.assert_allclose(outputs(found, data), outputs(model, data), atol=1e-5)
    doubled = derive(Derived(change="scale_scores", base="a", dose=2), model, None, data, seed=0)
    np.testing.assert_allclose(outputs(doubled, data), 2 * outputs(model, data), rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"change": "interpolate", "base": "a"}, "needs it"),
        ({"change": "noise", "base": "a", "toward": "b"}, "toward is for"),
        ({"change": "interpolate", "base": "a", "toward": "b", "dose": 2}, "fraction"),
        ({"change": "redraw", "base": "a", "dose": 1.5}, "whole number"),
    ],
)
def test_bad_changes(given, message):
    with pytest.raises(InputError, match=message):
        Derived.of(given, "derive")


@pytest.mark.slow
@pytest.mark.usefixtures("stages_share_a_process")
def test_the_stage_leaves_models_like_those_of_a_training(root):
    changes = {
        "half": {"change": "interpolate", "base": "finetune", "toward": "scratch", "dose": 0.5},
        "same": {"change": "permute_units", "base": "finetune"},
    }
    run = ["--target", root / "data/bars", "--pretrained", root / "pretrain/vit/0", "--seed", 0]
    bases = [f"{name}={root / 'train/bars/vit' / name / '0'}" for name in ("finetune", "scratch")]
    out = [f"{name}={root / 'train/bars/vit' / name / '0'}" for name in changes]
    config = json.dumps({"derived": changes, "seed": 0})
    derive_methods.main(["--config", config, *map(str, run), "--bases", *bases, "--out", *out])
    found = [files.read_json(root / "train/bars/vit" / name / "0/metrics.json") for name in ("finetune", *changes)]
    assert found[0]["accuracy"] == found[2]["accuracy"]
    assert [each["method"] for each in found[1:]] == ["half", "same"]
    ends = [models.load(root / "train/bars/vit" / name / "0").head.weight for name in ("finetune", "half", "scratch")]
    torch.testing.assert_close(ends[1], (ends[0] + ends[2]) / 2)
    assert len(files.read_table(root / "train/bars/vit/half/0/history.csv")) == 0
