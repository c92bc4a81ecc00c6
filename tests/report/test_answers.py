"""The first screen: what pre-training gave, what was kept, and whether chosen data helped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whypretrain.report.answers import answers
from whypretrain.runtime.files import write_table

SEEDS = [0, 1, 2]


def _runs(**accuracy: list[float]) -> pd.DataFrame:
    rows = [
        {"architecture": "vit", "target": "digits", "method": method, "seed": seed, "accuracy": value}
        for method, values in accuracy.items()
        for seed, value in zip(SEEDS, values, strict=True)
    ]
    return pd.DataFrame(rows)


def _scale(**changed: Any) -> pd.DataFrame:
    row = {
        "metric": "agreement, degree 2",
        "model": "finetune",
        "architecture": "all",
        "target": "all",
        "measured": 0.4,
    }
    row |= {"measured_low": 0.3, "measured_high": 0.5, "floor": 0.1, "ceiling": np.nan}
    return pd.DataFrame([{**row, **changed}])


def _found(folder: Path, *, runs: pd.DataFrame | None = None, scale: pd.DataFrame | None = None):
    if scale is not None:
        write_table(folder / "scale.csv", scale)
    return answers(pd.DataFrame() if runs is None else runs, folder, {})


def test_a_clear_gain_is_said_with_its_interval(tmp_path):
    (answer,) = _found(tmp_path, runs=_runs(finetune=[0.91, 0.92, 0.93], scratch=[0.81, 0.81, 0.81]))
    assert answer.sentence.startswith("Fine-tuned models are more accurate (+11.0 points [8.5, 13.5]) than")
    (bar,) = answer.bars
    assert (bar.label, bar.found.estimate) == ("vit, digits", pytest.approx(11))


def test_more_steps_of_training_from_scratch_are_named(tmp_path):
    runs = _runs(finetune=[0.91, 0.92, 0.93], scratch=[0.81, 0.81, 0.81])
    (answer,) = _found(tmp_path, runs=runs.assign(steps=runs["method"].map({"finetune": 150, "scratch": 600})))
    assert answer.sentence.endswith("than models trained from scratch with 4 times the steps.")


def test_an_unclear_difference_is_called_unclear(tmp_path):
    runs = _runs(finetune=[0.9, 0.92, 0.91], joint=[0.92, 0.9, 0.92], joint_random=[0.8, 0.8, 0.8])
    (answer,) = _found(tmp_path, runs=runs)
    assert "is not clearly more or less accurate (+0.3 points" in answer.sentence
    assert "and more accurate (+11.3 points" in answer.sentence
    assert [bar.label for bar in answer.bars] == [
        "compared with plain fine-tuning",
        "compared with joint training on random classes",
    ]


def test_one_seed_gives_no_interval(tmp_path):
    runs = _runs(finetune=[0.9, 0.9, 0.9], scratch=[0.8, 0.8, 0.8])
    (answer,) = _found(tmp_path, runs=runs[runs["seed"] == 0])
    assert "10.0 points more accurate than models trained from scratch" in answer.sentence


def test_what_is_kept_is_shown_with_chance_level_and_ceiling(tmp_path):
    (answer,) = _found(tmp_path, scale=_scale(ceiling=0.9))
    (bar,) = answer.bars
    assert (bar.found.low, bar.floor, bar.ceiling) == (0.3, 0.1, 0.9)
    assert "kept 0.40 over pairs of parts (chance level 0.10)" in answer.sentence


@pytest.mark.parametrize("changed", [{"measured": np.nan}, {"model": "scratch"}, {"architecture": "vit"}])
def test_other_rows_of_the_scale_are_not_shown(tmp_path, changed):
    assert not _found(tmp_path, scale=_scale(**changed))


def test_places_on_the_axis_run_from_end_to_end(tmp_path):
    (kept,) = _found(tmp_path, scale=_scale(measured_high=7))
    assert kept.span == pytest.approx((-0.04, 1.04))
    assert kept.place(7) == "100.00%"  # an interval is cut off at the end
    (gave,) = _found(tmp_path / "runs", runs=_runs(finetune=[0.91, 0.92, 0.93], scratch=[0.81, 0.81, 0.81]))
    low, high = gave.span
    assert low < 0 < gave.bars[0].found.high < high
    assert [gave.place(low), gave.place(high)] == ["0.00%", "100.00%"]


def test_without_tables_there_is_no_answer(tmp_path):
    assert not _found(tmp_path)
