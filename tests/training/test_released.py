"""The authors' three scripts as recipes: their settings, and that each trains."""

from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from whypretrain import models
from whypretrain.training import Recipe, starting_model, train
from whypretrain.training.schedule import learning_rate_factor

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config/papers/uot_recipes.yaml").read_text())
COMMON = yaml.safe_load((ROOT / "config/default.yaml").read_text())["train"]["common"]
RECIPES = {
    name: Recipe.from_config({**COMMON, **{key: value for key, value in section.items() if key != "label"}})
    for name, section in CONFIG["train"]["methods"].items()
}
SCRIPTS = ["self_supervised", "supervised", "label_free"]
EPOCH = 23  # steps: floor(5994 / 256), CUB


@pytest.fixture(scope="module")
def published():
    table = pd.read_csv(ROOT / "workflow/whypretrain/resources/published/uot_training_settings.csv")
    return table.set_index(["script", "setting"])["value"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_settings_are_those_that_were_released(script, published):
    recipe, said = RECIPES[script], published[script]
    assert {
        "epochs": recipe.steps / EPOCH,
        "target_batch": recipe.batch_size,
        "source_ratio_mu": recipe.source_ratio,
        "lambda": recipe.source_weight,
        "backbone_lr": recipe.learning_rate,
        "head_lr": pytest.approx(recipe.learning_rate * recipe.head_learning_rate_factor),
        "weight_decay": recipe.weight_decay,
        "momentum": recipe.momentum,
    } == {
        key: float(said[key])
        for key in (
            "epochs", "target_batch", "source_ratio_mu", "lambda", "backbone_lr", "head_lr", "weight_decay", "momentum",
        )
    }  # fmt: skip
    assert (recipe.optimizer, recipe.label_smoothing) == ("sgd", 0)
    chosen = CONFIG["select"]["clusters"]["chosen"] if script == "label_free" else CONFIG["select"]["classes"]
    assert chosen == int(said["n_selected"])


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_learning_rate_falls_after_the_epochs_that_were_meant(script):
    found = [learning_rate_factor(RECIPES[script], step) for step in range(RECIPES[script].steps)]
    falls = [step / EPOCH for step in range(1, len(found)) if found[step] < found[step - 1]]
    assert falls == [60, 80]
    assert found[-1] == pytest.approx(0.01)


@pytest.mark.parametrize("name", RECIPES)
def test_each_trains(name, model, vit, target, source):
    pretrained = models.build(vit, source.classes, seed=0)
    recipe = RECIPES[name].changed(steps=2)
    network = starting_model(pretrained, target.classes, recipe, seed=0)
    start = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    jointly = {"source": source, "source_classes": [1, 2]} if recipe.source else {}
    result = train(network, target, recipe, seed=0, **jointly)
    losses = result.history[["target_loss", "source_loss"] if recipe.source else ["target_loss"]]
    assert losses.shape[0] == 2
    assert losses.notna().all(axis=None)
    assert not any(torch.equal(start[key], tensor) for key, tensor in network.head.state_dict(prefix="head.").items())
