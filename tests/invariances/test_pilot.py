"""The pilot's table and choice."""

from __future__ import annotations

import pandas as pd
import pytest

from whypretrain.errors import InputError
from whypretrain.invariances import PRESETS, Schedule, choose_schedule, pilot


def test_presets_are_the_three_settings():
    assert {(s.step_size, s.steps) for s in PRESETS.values()} == {(0.5, 50), (0.5, 500), (5.0, 50)}


def test_scaling_keeps_the_share_of_the_image():
    assert PRESETS["literal"].scaled((3, 224, 224)) == PRESETS["literal"]
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
