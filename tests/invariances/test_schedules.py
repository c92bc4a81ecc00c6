"""The pilot's table and choice."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from whypretrain import data, models
from whypretrain.errors import InputError
from whypretrain.invariances import PUBLISHED, Schedule, choose_schedule, pilot, starting_noise
from whypretrain.runtime import files
from whypretrain.stages import pilot as pilot_stage


def test_published_schedules_are_the_three_settings():
    assert {(s.step_size, s.steps) for s in PUBLISHED.values()} == {(0.5, 50), (0.5, 500), (5.0, 50)}


def test_scaling_keeps_the_share_of_the_image():
    assert PUBLISHED["literal"].scaled((3, 224, 224)) == PUBLISHED["literal"]
    assert Schedule(5.0, 50).scaled((3, 56, 56)) == Schedule(1.25, 50)


def test_longer_budgets_leave_less(network, images):
    schedules = {"none": Schedule(0.3, 0), "short": Schedule(0.3, 5), "long": Schedule(0.3, 60)}
    table = pilot(network, images, schedules, seed=0)
    assert table.groupby("schedule").size().tolist() == [4, 4, 4]
    by = table.pivot(index="layer", columns="schedule")
    assert (by.residual["long"] < by.residual["short"]).all()
    assert (by.residual["short"] < by.residual["none"]).all()
    assert (by.self_unbiased["long"] > by.self_unbiased["none"]).all()
    assert (by.shortfall["long"] < by.shortfall["none"]).all()
    assert (by.moved["none"] == 0).all()
    assert (by.moved["short"] <= 5 * 0.3 + 1e-5).all()
    assert by.self_biased["long"].min() > 0.8
    clean = network.blocks(images)
    noise = network.blocks(starting_noise(images, seed=0).clamp(0, 1))
    above = [float(((a - b).norm(dim=1) > b.norm(dim=1)).double().mean()) for a, b in zip(noise, clean, strict=True)]
    assert by.worst["none"].tolist() == pytest.approx(above)
    assert max(above) > 0 == by.worst["long"].max()
    assert choose_schedule(table) == "long"


def test_choice_prefers_few_steps_among_equals():
    table = pd.DataFrame(
        {
            "schedule": ["a", "a", "b", "b", "c", "c"],
            "steps": [500, 500, 50, 50, 10, 10],
            "self_unbiased": [0.9901, 0.97, 0.9702, 0.99, 0.999, 0.5],
        }
    )
    assert choose_schedule(table) == "b"


def test_no_schedule(network, images):
    with pytest.raises(InputError, match="no schedule"):
        pilot(network, images, {}, seed=0)


@pytest.mark.usefixtures("stages_share_a_process")
def test_the_stage_tries_the_published_schedules_and_the_config(tmp_path):
    digits = data.build("digits", {"kind": "digits", "train_size": 20, "test_size": 40}, size=8, channels=1, seed=0)
    data.save(digits, tmp_path / "data")
    vit = models.Architecture(
        "vit_tiny_patch16_224", 8, 1, {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2}
    )
    models.save(models.build(vit, digits.classes, seed=0), tmp_path / "pre", {})
    config = {"steps": 1, "step_size": 1e-6, "batch_size": 64, "pilot_images": 12, "seed": 0}
    places = ["--data", tmp_path / "data", "--pretrained", tmp_path / "pre", "--out", tmp_path / "out"]
    pilot_stage.main(["--config", json.dumps(config), "--target", "digits", *map(str, places)])
    table = files.read_table(tmp_path / "out/pilot.csv")
    assert table.groupby("schedule", sort=False).size().to_dict() == dict.fromkeys([*PUBLISHED, "config"], 2)
    assert table[table["chosen"]]["schedule"].unique() == ["committed"]
    steps = table.groupby("schedule").step_size.first()
    assert steps["literal"] == pytest.approx(0.5 * (64 / (3 * 224 * 224)) ** 0.5)
    assert steps["config"] == 1e-6
