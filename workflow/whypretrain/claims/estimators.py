"""The vocabulary of `claims.yaml`: statistics of one run's rows, each a number, NaN where not defined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from whypretrain.statistics import pearson, spearman

_APART = 0.01  # of the run: curves known at places so close, once brought to common ones, are compared


@dataclass(frozen=True)
class Statistic:
    """A function of a run's rows (of two sets of rows if `paired`) with the names of its options."""

    function: Callable[..., float]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    paired: bool = False

    @property
    def options(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)


def mean(rows: pd.DataFrame, column: str, less: str | None = None) -> float:
    """Mean of a column, or of its difference to the column `less`."""
    return _reduced(np.mean, _values(rows, column, less))


def minimum(rows: pd.DataFrame, column: str, less: str | None = None) -> float:
    """Smallest value of a column, or of its difference to the column `less`."""
    return _reduced(np.min, _values(rows, column, less))


def maximum(rows: pd.DataFrame, column: str, less: str | None = None) -> float:
    """Largest value of a column, or of its difference to the column `less`."""
    return _reduced(np.max, _values(rows, column, less))


def distance(rows: pd.DataFrame, column: str, less: str) -> float:
    """Mean absolute difference of two columns."""
    return _reduced(np.mean, np.abs(_values(rows, column, less)))


def share(rows: pd.DataFrame, column: str, above: float) -> float:
    """Share of the rows whose column is greater than `above`."""
    return _reduced(lambda values: (values > above).mean(), _values(rows, column))


def ratio(rows: pd.DataFrame, numerator: str, denominator: str) -> float:
    """Ratio of two columns' sums, over the rows that have both."""
    above, below = _values(rows, numerator), _values(rows, denominator)
    known = np.isfinite(above) & np.isfinite(below)
    total = below[known].sum()
    return float(above[known].sum() / total) if total != 0 else np.nan


def excess(rows: pd.DataFrame, above: str, span: str) -> float:
    """Ratio of two columns' means, what is above the floor over the way to the ceiling (see `claims.fieller`)."""
    return ratio(rows, above, span)


def trend(rows: pd.DataFrame, numerator: str, denominator: str, along: str) -> float:
    """Spearman's correlation of `ratio`, taken within each value of the column `along`, with that value."""
    places, which = np.unique(rows[along].to_numpy(dtype=np.float64), return_inverse=True)
    return spearman(places, [ratio(rows[which == index], numerator, denominator) for index in range(len(places))])


def correlation(rows: pd.DataFrame, column: str, other: str) -> float:
    """Pearson's correlation of two columns."""
    return pearson(_values(rows, column), _values(rows, other))


def rank_correlation(rows: pd.DataFrame, column: str, other: str) -> float:
    """Spearman's correlation of two columns."""
    return spearman(_values(rows, column), _values(rows, other))


def area(rows: pd.DataFrame, others: pd.DataFrame, column: str, along: str) -> float:
    """Mean height of the curve `column` above that of the other rows, over `_common` shares of `along` (trapezoids)."""
    shares, first, second = _common(rows, others, column, along)
    return float(np.trapezoid(first - second, shares) / (shares[-1] - shares[0])) if len(shares) > 1 else np.nan


def detour(rows: pd.DataFrame, others: pd.DataFrame, column: str, along: str) -> float:
    """Steps back `sum_t max(0, y_t - y_{t+1})` of the curve `column` beyond the other rows', at `_common` shares."""
    shares, first, second = _common(rows, others, column, along)
    back = [np.maximum(-np.diff(curve), 0).sum() for curve in (first, second)]
    return float(back[0] - back[1]) if len(shares) > 1 else np.nan


def concentration(rows: pd.DataFrame, column: str) -> float:
    """Share of the rows that hold the column's most common value."""
    return float(rows[column].value_counts(normalize=True).iloc[0])


def effective_share(rows: pd.DataFrame, column: str) -> float:
    """Effective number of rows over their number, `(sum r)^2 / (n sum r^2)`: 1 where all weigh the same."""
    return _reduced(lambda r: r.sum() ** 2 / (r.size * (r @ r)) if r.any() else np.nan, _values(rows, column))


def smallest_gap(rows: pd.DataFrame, others: pd.DataFrame, column: str, key: str) -> float:
    """Smallest difference over `key` between a column's mean and the largest of the other rows' values."""
    gap = rows.groupby(key)[column].mean() - others.groupby(key)[column].max()
    return float(gap.min())


def overlap(rows: pd.DataFrame, others: pd.DataFrame, key: str) -> float:
    """Share of the values of `key` that the other rows hold too."""
    return float(np.isin(rows[key].unique(), others[key].unique()).mean())


STATISTICS = {
    "mean": Statistic(mean, ("column",), ("less",)),
    "minimum": Statistic(minimum, ("column",), ("less",)),
    "maximum": Statistic(maximum, ("column",), ("less",)),
    "distance": Statistic(distance, ("column", "less")),
    "share": Statistic(share, ("column", "above")),
    "ratio": Statistic(ratio, ("numerator", "denominator")),
    "excess": Statistic(excess, ("above", "span")),
    "trend": Statistic(trend, ("numerator", "denominator", "along")),
    "correlation": Statistic(correlation, ("column", "other")),
    "rank_correlation": Statistic(rank_correlation, ("column", "other")),
    "area": Statistic(area, ("column", "along"), paired=True),
    "detour": Statistic(detour, ("column", "along"), paired=True),
    "concentration": Statistic(concentration, ("column",)),
    "effective_share": Statistic(effective_share, ("column",)),
    "smallest_gap": Statistic(smallest_gap, ("column", "key"), paired=True),
    "overlap": Statistic(overlap, ("key",), paired=True),
}


def _values(rows: pd.DataFrame, name: str, less: str | None = None) -> np.ndarray:
    values = rows[name].to_numpy(dtype=np.float64)
    return values if less is None else values - rows[less].to_numpy(dtype=np.float64)


def _reduced(reduce: Callable[[np.ndarray], float], values: np.ndarray) -> float:
    """`reduce` over the values that are known; NaN where none is."""
    known = values[np.isfinite(values)]
    return float(reduce(known)) if known.size else np.nan


def _common(
    rows: pd.DataFrame, others: pd.DataFrame, name: str, along: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares of the run at which both curves are known, and the two curves there.

    Without the end of a run, where its similarity to its own end is 1 by construction. None at all where the two were
    looked at different shares: the gaps, filled by straight lines, would differ for one and the same curve.
    """
    first, second = (part.dropna(subset=[name]).groupby(along)[name].mean().sort_index() for part in (rows, others))
    x, u = (np.asarray(curve.index / max(curve.index.max(), 1))[:-1] for curve in (first, second))
    if len(x) != len(u) or not len(x) or np.abs(x - u).max() > _APART:
        return (np.empty(0),) * 3
    shares = np.minimum(x, u)
    return shares, np.interp(shares, x, first[:-1]), np.interp(shares, u, second[:-1])
