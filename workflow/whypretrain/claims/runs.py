"""A measure over a table: one value a run, or one numerator and denominator a run and sample."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whypretrain.claims.claim import Measure
from whypretrain.claims.estimators import STATISTICS
from whypretrain.claims.fieller import Excess
from whypretrain.claims.rows import column, select
from whypretrain.errors import InputError
from whypretrain.statistics import Estimate, ratio_estimate, seed_estimate

RUN = ["architecture", "target", "seed"]
COLUMN_OPTIONS = ("column", "less", "numerator", "denominator", "along", "key", "other", "above", "span")


def keyed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with the columns that name a run; a table of pairs of runs counts for the first of each pair.

    Raises:
        InputError: if one is missing.
    """
    table = table if "seed" in table else table.rename(columns={"seed_a": "seed"})
    if missing := [key for key in RUN if key not in table]:
        raise InputError(f"table {name!r} has no column {', '.join(missing)}; claims need one row a run or more")
    return table


def run_values(measure: Measure, table: pd.DataFrame) -> pd.Series:
    """The measure of every run, indexed by architecture, target and seed; NaN where it is not defined.

    Raises:
        InputError: if the table lacks a column that the measure names.
    """
    for option in COLUMN_OPTIONS:
        if option in measure.options:
            column(table, measure.options[option])
    values = {key: _value(measure, rows) for key, rows in table.groupby(RUN)}
    index = pd.MultiIndex.from_tuples(values, names=RUN)
    return pd.Series(list(values.values()), index=index, dtype=np.float64)


def estimate_runs(values: pd.Series, *, pool: str) -> Estimate:
    """Mean over runs, the targets of one architecture and seed pooled first, for they share weights."""
    pooled = values.dropna().groupby(["architecture", "seed"]).agg(pool)
    return seed_estimate(pooled.to_numpy(), pooled.index.get_level_values("architecture").tolist())


def sample_sums(measure: Measure, table: pd.DataFrame) -> pd.DataFrame:
    """Numerator and denominator of a ratio, summed within each run and sample; indexed by both."""
    top, bottom = measure.options["numerator"], measure.options["denominator"]
    chosen = [select(select(rows, measure.where), measure.of) for _, rows in table.groupby(RUN)]
    rows = pd.concat(chosen).dropna(subset=[top, bottom])
    return rows.groupby([*RUN, "sample"])[[top, bottom]].sum().set_axis(["numerator", "denominator"], axis=1)


def estimate_samples(sums: pd.DataFrame, *, resamples: int, seed: int) -> Estimate:
    """Ratio of sums over runs and samples; a run's samples are those of all its targets."""
    wide = sums.unstack(["target", "sample"])
    return ratio_estimate(
        wide["numerator"].to_numpy(),
        wide["denominator"].to_numpy(),
        wide.index.get_level_values("architecture").tolist(),
        resamples=resamples,
        seed=seed,
    )


def scale_parts(measure: Measure, table: pd.DataFrame) -> pd.DataFrame:
    """What is above the floor, and the way from floor to ceiling, of every run; indexed by `RUN`."""
    chosen = select(select(table, measure.where), measure.of)
    columns = {measure.options[name]: name for name in ("above", "span")}
    return chosen.groupby(RUN)[list(columns)].mean().rename(columns=columns).dropna()


def estimate_excess(parts: pd.DataFrame) -> Excess:
    """Excess over runs, the targets of one architecture and seed averaged first, for they share weights."""
    pooled = parts.groupby(["architecture", "seed"]).mean()
    strata = pooled.index.get_level_values("architecture").tolist()
    return Excess.of(pooled["above"].to_numpy(), pooled["span"].to_numpy(), strata)


def samples_error(sums: pd.DataFrame) -> float:
    """The part of the squared error of `estimate_samples` that comes from the samples within runs, to first order.

    `sum_k sum_r var_i(a_ri - R_k b_ri) / (I n_k^2 mean(b)^2) / K^2` over strata k, runs r and samples i.
    """
    wide = sums.unstack(["target", "sample"])
    parts = []
    for _, rows in wide.groupby(level="architecture"):
        top, bottom = (rows[name].to_numpy() for name in ("numerator", "denominator"))
        rest = top - np.nansum(top) / np.nansum(bottom) * bottom
        error = np.nanvar(rest, axis=1, ddof=1) / np.isfinite(rest).sum(axis=1) / np.nanmean(bottom, axis=1) ** 2
        parts.append(error.sum() / len(rows) ** 2)
    return float(np.sum(parts) / len(parts) ** 2)


def _value(measure: Measure, rows: pd.DataFrame) -> float:
    rows = select(rows, measure.where)
    statistic = STATISTICS[measure.statistic]
    chosen = select(rows, measure.of)
    if statistic.paired:
        return _apply(measure, chosen, select(rows, measure.minus or {}))
    value = _apply(measure, chosen)
    if measure.minus is not None:
        value -= _apply(measure, select(rows, measure.minus))
    if measure.over is not None:
        below = _apply(measure, select(rows, measure.over))
        value = value / below if below != 0 else np.nan
    return value


def _apply(measure: Measure, *groups: pd.DataFrame) -> float:
    """The statistic of the rows; NaN where a set of rows is empty."""
    if any(group.empty for group in groups):
        return np.nan
    return STATISTICS[measure.statistic].function(*groups, **measure.options)
