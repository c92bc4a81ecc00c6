"""Verdicts on synthetic tables with a known answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import ALL, FAILS, HOLDS, NOT_RUN, UNDECIDED, Claim, Control, Measure, Range, Rule, decide
from whypretrain.errors import InputError

PUBLISHED = Path(__file__).parents[2] / "workflow/whypretrain/resources/published"
GAIN = Measure("runs", "mean", of={"method": "a"}, minus={"method": "b"}, options={"column": "accuracy"})
Maker = Callable[..., pd.DataFrame]


def claim(measure: Measure = GAIN, expected: str = "> 0", control: Control | None = None, **more: str) -> Claim:
    named = {"id": "x", "paper": "p", "claim": "A beats B.", "where": "Fig. 1", "kind": "direction", **more}
    return Claim(measure=measure, expected=Range.parse(expected), control=control, **named)


def overall(table: pd.DataFrame) -> pd.Series:
    return table[(table["architecture"] == ALL) & (table["target"] == ALL)].set_index("id").squeeze()


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [(0.9, 0.8, HOLDS), (0.8, 0.9, FAILS), (0.8, 0.8, UNDECIDED)],
    ids=["present", "reversed", "absent"],
)
def test_effect(accuracies: Maker, a: float, b: float, verdict: str) -> None:
    row = overall(decide([claim()], {"runs": accuracies({"a": a, "b": b})}, Rule()))
    assert row["verdict"] == verdict
    assert row["low"] < row["estimate"] < row["high"]
    assert row["estimate"] == pytest.approx(a - b, abs=0.003)
    assert (row["n_seeds"], row["n_runs"]) == (3, 6)


def test_two_seeds_decide_nothing(accuracies: Maker) -> None:
    row = overall(decide([claim()], {"runs": accuracies({"a": 0.9, "b": 0.1}, seeds=(0, 1))}, Rule()))
    assert row["verdict"] == UNDECIDED
    assert "2 of the 3 seeds" in row["note"]


def test_one_seed_has_no_interval(accuracies: Maker) -> None:
    row = overall(decide([claim()], {"runs": accuracies({"a": 0.9, "b": 0.1}, seeds=(5,))}, Rule()))
    assert row["verdict"] == UNDECIDED
    assert np.isnan(row["low"])


def test_unknown_values_are_left_out(accuracies: Maker) -> None:
    runs = accuracies({"a": 0.9, "b": 0.8})
    runs.loc[(runs["method"] == "a") & (runs["target"] == "letters") & (runs["seed"] == 1), "accuracy"] = np.nan
    row = overall(decide([claim()], {"runs": runs}, Rule()))
    assert row["verdict"] == HOLDS
    assert "not defined in 2 of 12 runs" in row["note"]


@pytest.mark.parametrize("means", [{"a": 0.9}, {"a": 0.9, "b": np.nan}], ids=["no such method", "all unknown"])
def test_without_values_there_is_no_test(accuracies: Maker, means: dict[str, float]) -> None:
    table = decide([claim(needs="the method b")], {"runs": accuracies(means)}, Rule())
    assert table["verdict"].tolist() == [NOT_RUN]
    assert "needs the method b" in table["note"][0]


def test_without_its_table_a_claim_is_not_testable() -> None:
    row = overall(decide([claim()], {}, Rule()))
    assert (row["verdict"], row["note"]) == (NOT_RUN, "no table 'runs'")


def test_cells_have_rows_where_there_are_several(accuracies: Maker) -> None:
    means = {"a": 0.9, "b": 0.8}
    several = decide([claim()], {"runs": accuracies(means)}, Rule())
    single = decide([claim()], {"runs": accuracies(means, architectures=["vit"], targets=["digits"])}, Rule())
    assert (len(several), len(single)) == (5, 1)
    assert set(several["n_runs"]) == {6, 3}


@pytest.mark.parametrize(
    ("must", "baseline", "verdict"),
    [("exceeded", 0.5, HOLDS), ("exceeded", 0.95, UNDECIDED), ("< 0", 0.5, HOLDS), ("> 0", 0.5, UNDECIDED)],
)
def test_control_can_undermine(accuracies: Maker, must: str, baseline: float, verdict: str) -> None:
    measure = Measure("runs", "mean", of={"method": "c"}, minus={"method": "b"}, options={"column": "accuracy"})
    wanted = must if must == "exceeded" else Range.parse(must)
    runs = accuracies({"a": 0.9, "b": 0.8, "c": baseline})
    row = overall(decide([claim(control=Control("c", measure, wanted))], {"runs": runs}, Rule()))
    assert row["verdict"] == verdict
    assert row["control_estimate"] == pytest.approx(baseline - 0.8, abs=0.004)


def test_control_that_is_only_reported_changes_nothing(accuracies: Maker) -> None:
    measure = Measure("runs", "mean", of={"method": "missing"}, options={"column": "accuracy"})
    row = overall(decide([claim(control=Control("c", measure))], {"runs": accuracies({"a": 0.9, "b": 0.8})}, Rule()))
    assert (row["verdict"], row["note"]) == (HOLDS, "its control was not run")


def test_many_claims_of_a_paper_take_more_evidence(accuracies: Maker) -> None:
    """An effect that passes alone does not pass among forty of its paper, and the note says so."""
    runs = {"runs": accuracies({"a": 0.804, "b": 0.8}, targets=["digits"])}
    alone = overall(decide([claim()], runs, Rule()))
    many = [claim(id=str(number)) for number in range(40)]
    among = decide([claim(), *many], runs, Rule()).iloc[0]
    others = decide([claim(), *[claim(id=c.id, paper="q") for c in many]], runs, Rule()).iloc[0]
    assert (alone["verdict"], among["verdict"], others["verdict"]) == (HOLDS, UNDECIDED, HOLDS)
    assert among["p_adjusted"] == pytest.approx(min(1, 41 * alone["p_adjusted"]))
    assert "before the correction" in among["note"]


@pytest.mark.parametrize(("mean", "verdict"), [(0.3, HOLDS), (0.6, FAILS), (0.05, FAILS), (0.45, UNDECIDED)])
def test_range_needs_both_bounds(accuracies: Maker, mean: float, verdict: str) -> None:
    measure = Measure("runs", "mean", of={"method": "a"}, options={"column": "accuracy"})
    row = overall(decide([claim(measure, "0.13 .. 0.45")], {"runs": accuracies({"a": mean})}, Rule()))
    assert row["verdict"] == verdict


def test_worst_target_decides_a_claim_on_every_target(accuracies: Maker) -> None:
    good = accuracies({"a": 0.9, "b": 0.8}, targets=["digits"])
    bad = accuracies({"a": 0.78, "b": 0.8}, targets=["letters"])
    runs = {"runs": pd.concat([good, bad])}
    worst = Measure(**{**vars(GAIN), "pool": "min"})
    assert overall(decide([claim()], runs, Rule()))["verdict"] == HOLDS
    assert overall(decide([claim(worst)], runs, Rule()))["verdict"] == FAILS


def test_misnamed_column_names_the_claim(accuracies: Maker) -> None:
    measure = Measure("runs", "mean", options={"column": "acuracy"})
    with pytest.raises(InputError, match=r"claim x.*no column 'acuracy'.*accuracy"):
        decide([claim(measure)], {"runs": accuracies({"a": 1.0})}, Rule())


def test_table_without_runs_is_named() -> None:
    with pytest.raises(InputError, match="table 'runs' has no column architecture, target, seed"):
        decide([claim()], {"runs": pd.DataFrame({"accuracy": [1.0]})}, Rule())


def test_departure_from_the_paper_is_noted(accuracies: Maker) -> None:
    row = overall(decide([claim(note="measured otherwise")], {"runs": accuracies({"a": 0.9, "b": 0.8})}, Rule()))
    assert row["note"] == "measured otherwise"
