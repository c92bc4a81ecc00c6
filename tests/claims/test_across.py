"""The three views side by side, and the headline numbers, by hand."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import MEASURES, Claim, Rule, decide, headline, side_by_side
from whypretrain.errors import InputError
from whypretrain.stages import across as stage

METHODS = {"probe": 0.8, "finetune": 0.9, "scratch": 0.7, "joint_uot": 0.92}
KEPT = {"finetune": 0.5, "scratch": 0.1, "joint_uot": 0.6}
CELL = ["architecture", "target", "seed"]


def tables(seeds: int = 3, *, agree: bool = True) -> dict[str, Any]:
    """Runs, knowledge and layers in which what is kept and what is forgotten add up to 1 in late layers."""
    runs, knowledge, layers = [], [], []
    for cell in product(("vit", "resnet"), ("digits",), range(seeds)):
        runs += [(*cell, method, value + 0.01 * cell[2]) for method, value in METHODS.items()]
        for model, share in KEPT.items():
            for normalised, threshold, order in product((True, False), (0.0, 0.05), (1, 2)):
                right = normalised and threshold == 0.05
                knowledge.append(
                    (*cell, model, normalised, threshold, order, share * order if right else 9.0, float(order))
                )
            depth = 4 if cell[0] == "vit" else 6
            for layer, estimator in product(range(1, depth + 1), ("biased", "unbiased")):
                lost = (1 - share if agree else share) * (1 if layer > depth / 2 else 0.5)
                lost = lost if estimator == "biased" else 9.0
                layers.append((*cell, model, layer, estimator, lost, lost / 2))
    return {
        "runs": pd.DataFrame(runs, columns=[*CELL, "method", "accuracy"]),
        "knowledge": pd.DataFrame(
            knowledge, columns=[*CELL, "model", "normalised", "threshold", "order", "preserved", "pre"]
        ),
        "layers": pd.DataFrame(layers, columns=[*CELL, "model", "layer", "estimator", "forgetting", "cka_divergence"]),
        "sources": {"joint_uot": "uot"},
    }


def test_one_row_a_model_with_every_measure() -> None:
    table = side_by_side(**tables())
    assert len(table) == 2 * 3 * 4
    row = table.set_index(["architecture", "seed", "method"]).loc[("resnet", 1, "joint_uot")]
    assert row["joint"] == "uot"
    measured = row[["accuracy", "preserved", "forgetting_early", "forgetting_late", "cka_early", "cka_late"]]
    np.testing.assert_allclose(measured.astype(float), [0.93, 0.6, 0.2, 0.4, 0.1, 0.2])


def test_what_was_not_measured_is_empty() -> None:
    table = side_by_side(**tables()).set_index("method")
    assert table.loc["probe", ["preserved", "forgetting_late"]].isna().all(axis=None)
    assert table.loc["probe", "accuracy"].notna().all()
    assert set(table.loc["finetune", "joint"]) == {"none"}
    bare = side_by_side(**{**tables(), "knowledge": None, "layers": None})
    assert set(bare.columns) == {*table.columns, "method"}
    assert bare[[*MEASURES][1:]].isna().all(axis=None)


@pytest.mark.parametrize(("name", "column"), [("runs", "seed"), ("layers", "model"), ("knowledge", "pre")])
def test_missing_column_is_named(name: str, column: str) -> None:
    given = tables()
    given[name] = given[name].drop(columns=column)
    with pytest.raises(InputError, match="no column"):
        side_by_side(**given)


@pytest.mark.parametrize(("agree", "verdict"), [(True, "holds here"), (False, "fails here")])
def test_whether_the_views_agree(shipped: tuple[Rule, list[Claim]], agree: bool, verdict: str) -> None:
    rule, claims = shipped
    decided = decide(claims, {"across": side_by_side(**tables(agree=agree))}, rule)
    row = decided[(decided["id"] == "across-views-agree") & (decided["architecture"] == "all")].iloc[0]
    assert row["verdict"] == verdict
    assert row["estimate"] == pytest.approx(-1 if agree else 1)


def test_headline_numbers() -> None:
    across = side_by_side(**tables())
    verdicts = pd.DataFrame(
        [("p", "all", "all", "holds here"), ("p", "vit", "digits", "fails here"), ("q", "all", "all", "undecided")],
        columns=["paper", "architecture", "target", "verdict"],
    )
    found = headline(across, verdicts)
    assert found["accuracy"]["finetune"]["estimate"] == 0.91
    assert found["accuracy"]["finetune"]["low"] < 0.91 < found["accuracy"]["finetune"]["high"]
    assert set(found["preserved"]) == {"finetune", "scratch", "joint_uot"}
    assert found["verdicts"]["p"] == {
        "holds here": 1,
        "fails here": 0,
        "undecided": 0,
        "not run": 0,
        "outside the paper's setting": 0,
    }
    assert list(headline(side_by_side(**tables(1)), verdicts)["accuracy"]["probe"]) == ["estimate"]


def test_stage_reads_layers_of_many_runs(tmp_path: Path) -> None:
    given = tables()
    for name in ("runs", "knowledge"):
        given[name].to_csv(tmp_path / f"{name}.csv", index=False)
    files = []
    for seed, part in given["layers"].groupby("seed"):
        files.append(str(tmp_path / f"{seed}.csv"))
        part.to_csv(files[-1], index=False)
    arguments = ["--runs", str(tmp_path / "runs.csv"), "--knowledge", str(tmp_path / "knowledge.csv")]
    arguments += ["--config", '{"sources": {"joint_uot": "uot"}}']
    stage.main([*arguments, "--layers", *files, "--out", str(tmp_path / "across.csv")])
    found = pd.read_csv(tmp_path / "across.csv")
    pd.testing.assert_frame_equal(found, side_by_side(**given))
