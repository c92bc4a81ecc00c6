"""Controls of what fine-tuning keeps: probes on an untrained backbone, and after a sham fine-tuning."""

import json

import numpy as np
import pytest
import torch
from trained import RECIPE

from whypretrain import data, models
from whypretrain.config.parts import REINITIALISED, REINITIALISED_PROBE, SHAM
from whypretrain.interactions import untrained_network
from whypretrain.runtime import files
from whypretrain.runtime.seeds import seed_of
from whypretrain.stages import controls
from whypretrain.training import Recipe, fit_probe, train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stages_share_a_process")]


def make(root, folder: str, *names: str, source: bool = True, **config) -> None:
    arguments = ["--target", root / "data/bars", "--pretrained", root / "pretrain/vit/0", "--seed", 0]
    arguments += ["--source", root / "data/glyphs"] if source else []
    out = [f"{name}={root / folder / name}" for name in names]
    settings = {"recipe": {**RECIPE, "checkpoints": 3}, **config}
    controls.main(["--config", json.dumps(settings), *map(str, arguments), "--out", *out])


@pytest.fixture(scope="module")
def made(root):
    """The folder of both controls."""
    make(root, "controls", REINITIALISED_PROBE, SHAM)
    return root / "controls"


def equal(one, other) -> bool:
    a, b = (model.backbone.state_dict() for model in (one, other))
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_redrawn_backbone_is_the_untrained_networks_and_its_head_a_probe(root, made) -> None:
    found, start = models.load(made / REINITIALISED_PROBE), models.load(root / "pretrain/vit/0")
    untrained = untrained_network(start, seed_of(0, 0, REINITIALISED)).model
    assert equal(found, untrained)
    assert not equal(found, start)
    target = data.load(root / "data/bars")
    rows = target.rows("train")
    probe = fit_probe(
        models.extract(untrained, target.images[rows], 256), target.labels[rows], seed=seed_of(0, "train", "bars", 0)
    )
    np.testing.assert_array_equal(found.head.weight.detach().cpu(), probe.weight)
    np.testing.assert_array_equal(found.head.bias.detach().cpu(), probe.bias)
    assert found.classes == target.classes


def test_a_sham_fine_tuning_goes_on_with_the_source_and_its_head(root, made) -> None:
    by_hand = models.load(root / "pretrain/vit/0")
    seed = seed_of(0, SHAM, "bars", 0)
    train(by_hand, data.load(root / "data/glyphs"), Recipe.from_config(RECIPE), seed=seed)
    found = models.load(made / SHAM)
    assert equal(found, by_hand)
    assert not equal(found, models.load(root / "pretrain/vit/0"))
    provenance = files.read_json(made / SHAM / "model.json")["provenance"]
    assert (provenance["source"], provenance["steps"], provenance["method"]) == ("glyphs", RECIPE["steps"], SHAM)


def test_controls_do_not_depend_on_each_other_and_have_an_accuracy(root, made) -> None:
    make(root, "alone", SHAM)
    for name in ("model.safetensors", "model.json", "metrics.json"):
        assert (root / "alone" / SHAM / name).read_bytes() == (made / SHAM / name).read_bytes()
    metrics = files.read_json(made / REINITIALISED_PROBE / "metrics.json")
    assert metrics["accuracy"] > 1 / len(data.load(root / "data/bars").classes)
    assert {key: metrics[key] for key in ("target", "architecture", "method", "seed")} == {
        "target": "bars", "architecture": "vit", "method": REINITIALISED_PROBE, "seed": 0,
    }  # fmt: skip


def test_steps_are_those_of_the_target(root) -> None:
    make(root, "epochs", SHAM, recipe={**RECIPE, "epochs": 1})
    images = len(data.load(root / "data/bars").rows("train"))
    provenance = files.read_json(root / "epochs" / SHAM / "model.json")["provenance"]
    assert provenance["steps"] == images // RECIPE["batch_size"]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("redrawn", {}, "control 'redrawn' is unknown; use reinitialised_probe or sham"),
        (SHAM, {"source": False}, "control 'sham' needs --source and the recipe of fine-tuning"),
        (SHAM, {"recipe": None}, "control 'sham' needs --source and the recipe of fine-tuning"),
    ],
)
def test_what_cannot_be_made_is_refused(root, name, given, message, capsys) -> None:
    with pytest.raises(SystemExit):
        make(root, "wrong", name, **given)
    assert message in capsys.readouterr().err
    assert not (root / "wrong" / name).exists()
