"""The three views side by side: one row a model with its accuracy, what it kept and what it forgot."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from whypretrain.claims.rows import column, select
from whypretrain.claims.runs import RUN, keyed
from whypretrain.errors import InputError

MODEL = ["target", "architecture", "seed", "method"]
# The same rows as the claims of the single papers are decided from.
KEPT = {"normalised": True, "threshold": "nearest 0.05"}
ESTIMATOR = {"estimator": "biased"}
HALVES = {"early": {"layer": "lower half"}, "late": {"layer": "upper half"}}
LOST = {"forgetting": "forgetting", "cka": "cka_divergence"}
MEASURES = ("accuracy", "preserved", *(f"{name}_{half}" for name in LOST for half in HALVES))


def side_by_side(
    runs: pd.DataFrame, knowledge: pd.DataFrame | None, layers: pd.DataFrame | None, sources: Mapping[str, str]
) -> pd.DataFrame:
    """One row a target, architecture, seed and method.

    Args:
        runs, knowledge, layers: tables of an experiment; the last two None where it has nothing to compare.
        sources: the rule that chose the source data, by method of joint fine-tuning.

    Returns:
        Columns target, architecture, seed, method, joint (the rule that chose the source data of joint
        fine-tuning, else `none`), accuracy, preserved (share of the pre-trained interaction strength that is
        kept, arXiv:2410.08455), forgetting_early, forgetting_late, cka_early, cka_late (means over the halves
        of the layers of 1 - STIR and of 1 - CKA, arXiv:2307.06006); NaN where a model was not measured.

    Raises:
        InputError: if a table lacks a column, or has no rows of a single model.
    """
    accuracy = _named(runs, "runs", "accuracy").groupby(MODEL, sort=False)["accuracy"].mean()
    parts = [accuracy]
    if knowledge is not None:
        parts.append(_kept(_named(knowledge, "knowledge", "preserved", "pre")))
    if layers is not None:
        parts += _lost(_named(layers, "layers", *LOST.values()))
    table = pd.concat(parts, axis=1).reindex(index=accuracy.index, columns=MEASURES).reset_index()
    if table.empty:
        raise InputError("the table 'runs' has no row; train a model first")
    table.insert(len(MODEL), "joint", [sources.get(method, "none") for method in table["method"]])
    return table


def _named(table: pd.DataFrame, name: str, *values: str) -> pd.DataFrame:
    """The table with the columns that name a model, if it has these values."""
    table = keyed(table, name).rename(columns={"model": "method"})
    for value in ("method", *values):
        column(table, value)
    return table


def _kept(knowledge: pd.DataFrame) -> pd.Series:
    rows = select(select(knowledge, {"normalised": KEPT["normalised"]}), {"threshold": KEPT["threshold"]})
    sums = rows.groupby(MODEL)[["preserved", "pre"]].sum()
    return (sums["preserved"] / sums["pre"].where(sums["pre"] != 0)).rename("preserved")


def _lost(layers: pd.DataFrame) -> list[pd.Series]:
    """Means over each half of the layers; a run's depth is its own."""
    rows = select(layers, ESTIMATOR)
    halves = {
        half: pd.concat([select(run, condition) for _, run in rows.groupby(RUN)]) for half, condition in HALVES.items()
    }
    return [
        halves[half].groupby(MODEL)[source].mean().rename(f"{name}_{half}")
        for name, source in LOST.items()
        for half in HALVES
    ]
