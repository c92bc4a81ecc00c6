"""The few numbers that a run is judged by, for `dvc metrics` and for comparing runs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from whypretrain.claims.across import MEASURES
from whypretrain.claims.runs import RUN, estimate_runs
from whypretrain.claims.verdict import ALL, VERDICTS


def headline(across: pd.DataFrame, verdicts: pd.DataFrame, confidence: float = 0.95) -> dict[str, Any]:
    """Every method's mean over all runs in each measure with its interval, and the papers' verdicts.

    Arguments:
        across: one row a model, from `side_by_side`.
        verdicts: from `decide`.

    Returns:
        `{measure: {method: {estimate, low, high}}}`, without bounds where one run alone gives none and without
        what was not measured, and `{"verdicts": {paper: {verdict: number of claims}}}`.
    """
    rows = {str(method): part for method, part in across.groupby("method", sort=False)}
    measures = {
        measure: {method: _interval(part.set_index(RUN)[measure], confidence) for method, part in rows.items()}
        for measure in MEASURES
    }
    return {**{name: _known(intervals) for name, intervals in measures.items()}, "verdicts": _counts(verdicts)}


def _interval(values: pd.Series, confidence: float) -> dict[str, float]:
    """Six digits of what is known."""
    found = estimate_runs(values, pool="mean").interval(confidence)
    numbers = {"estimate": found.estimate, "low": found.low, "high": found.high}
    return {name: float(f"{value:.6g}") for name, value in numbers.items() if math.isfinite(value)}


def _known(intervals: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    return {method: interval for method, interval in intervals.items() if interval}


def _counts(verdicts: pd.DataFrame) -> dict[str, dict[str, int]]:
    overall = verdicts[(verdicts["architecture"] == ALL) & (verdicts["target"] == ALL)]
    return {
        str(paper): {verdict: int((part["verdict"] == verdict).sum()) for verdict in VERDICTS}
        for paper, part in overall.groupby("paper", sort=False)
    }
