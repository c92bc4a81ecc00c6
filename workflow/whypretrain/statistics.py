"""Intervals and tests over seeds and samples: what error bars show and what verdicts are decided by.

An independent repetition is a *run*: one seed of one stratum (an architecture, say). Samples within a run
share its weights, so they never count as repetitions. Every estimate carries its standard error and degrees
of freedom, from which its interval and the p-value of any bound follow by Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whypretrain.runtime.seeds import generator


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence bounds; bounds are NaN where one run alone cannot give any."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A value, its standard error and the degrees of freedom of that error (NaN and 0 where not defined)."""

    value: float
    error: float
    freedom: float
    runs: int

    def interval(self, confidence: float = 0.95) -> Interval:
        """`value -+ t * error`, t the two-sided Student quantile at `confidence`."""
        from scipy.special import stdtrit

        quantile = float(stdtrit(self.freedom, (1 + confidence) / 2)) if self.freedom > 0 else np.nan
        reach = quantile * self.error
        return Interval(self.value, self.value - reach, self.value + reach)

    def p_value(self, bound: float) -> float:
        """Two-sided p-value of "the true value is `bound`"; 1 where the error is not defined."""
        from scipy.special import stdtr

        if not (self.freedom > 0 and np.isfinite(self.value)):
            return 1.0
        if self.error == 0:
            return float(self.value == bound)
        return float(2 * stdtr(self.freedom, -abs(self.value - bound) / self.error))


def seed_estimate(values: ArrayLike, strata: Sequence[object] | None = None) -> Estimate:
    """Mean over runs: the mean of the strata's means, with the strata taken as fixed.

    `error^2 = sum_k s_k^2 / n_k / K^2`, freedom by Welch and Satterthwaite; with one stratum this is
    Student's t of a mean. NaN values are left out. A stratum with a single run leaves the error undefined.

    Arguments:
        values: one number a run, shape (runs,).
        strata: the stratum of each run; one stratum if not given.
    """
    values = np.asarray(values, dtype=np.float64).ravel()
    groups = [group[np.isfinite(group)] for group in _split(values, strata)]
    groups = [group for group in groups if group.size]
    variances = [group.var(ddof=1) / group.size if group.size > 1 else np.nan for group in groups]
    return _combined([group.mean() for group in groups], variances, [group.size for group in groups])


def ratio_estimate(
    numerator: ArrayLike,
    denominator: ArrayLike,
    strata: Sequence[object] | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Ratio of sums over runs and samples, `sum(numerator) / sum(denominator)`, averaged over the strata.

    The standard error is that of a hierarchical bootstrap (runs drawn with replacement, then samples within
    each drawn run), widened by `sqrt(n / (n - 1))` because a bootstrap of n runs sees only (n - 1) / n of
    their variance; the freedom is that of the runs, so that many samples never make up for few runs.

    Arguments:
        numerator, denominator: shape (runs, samples); a sample with NaN in either counts in neither.
        strata: the stratum of each run; one stratum if not given.
    """
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    known = np.isfinite(top) & np.isfinite(bottom)
    top, bottom = np.where(known, top, 0.0), np.where(known, bottom, 0.0)
    values, variances, sizes = [], [], []
    for index, rows in enumerate(_split(np.flatnonzero(known.any(axis=1)), _rows(strata, known))):
        values.append(_ratio(top[rows].sum(), bottom[rows].sum()))
        drawn = _bootstrap(top[rows], bottom[rows], resamples, generator(seed, "ratio", index))
        sizes.append(len(rows))
        spread = np.nanvar(drawn) if np.isfinite(drawn).any() else np.nan
        variances.append(spread * len(rows) / (len(rows) - 1) if len(rows) > 1 else np.nan)
    return _combined(values, variances, sizes)


def seed_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean over seeds with its Student t interval: `mean -+ t_{n-1} * s / sqrt(n)`. One seed has NaN bounds.

    >>> seed_interval([1.0, 2.0, 3.0]).estimate
    2.0
    """
    return seed_estimate(values).interval(confidence)


def paired_interval(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> Interval:
    """Mean of `a - b` over the seeds that both have, with its Student t interval."""
    return seed_interval(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64), confidence)


def ratio_interval(
    numerator: ArrayLike, denominator: ArrayLike, *, resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """`sum(numerator) / sum(denominator)` of arrays (seeds, samples), its interval by `ratio_estimate`."""
    return ratio_estimate(numerator, denominator, resamples=resamples, seed=seed).interval(confidence)


def sample_interval(
    numerator: ArrayLike, denominator: ArrayLike, *, resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Ratio of sums over the samples of one run, with the quantiles of a bootstrap over samples as its bounds.

    The bounds are about other samples and the same run, so they say nothing of another training.

    Example:
        >>> sample_interval([1.0, 1.0], [2.0, 2.0])
        Interval(estimate=0.5, low=0.5, high=0.5)
    """
    top, bottom = (np.asarray(values, dtype=np.float64)[None] for values in (numerator, denominator))
    drawn = _bootstrap(top, bottom, resamples, generator(seed, "samples"))
    low, high = np.nanquantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(_ratio(float(top.sum()), float(bottom.sum())), float(low), float(high))


def holm(p_values: ArrayLike) -> np.ndarray:
    """Holm's step-down adjusted p-values; NaN stays NaN and does not count in the family.

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)[: np.isfinite(p).sum()]  # NaN sorts last
    adjusted = np.full(p.shape, np.nan)
    steps = p[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation over the pairs without NaN; NaN for fewer than three pairs or a constant."""
    first, second = _pairs(x, y)
    if first.size < 3:
        return np.nan
    first, second = first - first.mean(), second - second.mean()
    return _ratio(float(first @ second), float(np.sqrt((first @ first) * (second @ second))))


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation over the pairs without NaN, ties at their mean rank (see `pearson`)."""
    first, second = _pairs(x, y)
    return pearson(_ranks(first), _ranks(second))


def spearman_interval(x: ArrayLike, y: ArrayLike, confidence: float = 0.95) -> Interval:
    """Spearman's correlation with bounds by Fisher's z, `tanh(artanh(r) -+ q * sqrt((1 + r^2 / 2) / (n - 3)))`.

    The standard error is Bonett and Wright's (Psychometrika 65, 2000) for n independent pairs. NaN bounds for fewer
    than five pairs, and for r of -1 or 1, where that error is none.
    """
    from scipy.special import ndtri

    r, n = spearman(x, y), _pairs(x, y)[0].size
    if n < 5 or not abs(r) < 1 - 1e-12:
        return Interval(r, np.nan, np.nan)
    reach = float(ndtri((1 + confidence) / 2)) * np.sqrt((1 + r**2 / 2) / (n - 3))
    return Interval(r, float(np.tanh(np.arctanh(r) - reach)), float(np.tanh(np.arctanh(r) + reach)))


def _pairs(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = np.isfinite(first) & np.isfinite(second)
    return first[known], second[known]


def _combined(values: list[float], variances: list[float], sizes: list[int]) -> Estimate:
    """The mean of independent strata; `variances` are those of the strata's values."""
    runs = int(sum(sizes))
    if not values:
        return Estimate(np.nan, np.nan, 0.0, runs)
    parts = np.asarray(variances, dtype=np.float64) / len(values) ** 2
    freedoms = np.asarray(sizes, dtype=np.float64) - 1
    value, total = float(np.mean(values)), float(parts.sum())
    if not np.isfinite(total):
        return Estimate(value, np.nan, 0.0, runs)
    freedom = total**2 / float((parts**2 / freedoms).sum()) if total > 0 else float(freedoms.sum())
    return Estimate(value, float(np.sqrt(total)), freedom, runs)


def _bootstrap(top: np.ndarray, bottom: np.ndarray, resamples: int, random: np.random.Generator) -> np.ndarray:
    """Ratios of resampled sums, shape (resamples,)."""
    runs, samples = top.shape
    run = random.integers(runs, size=(resamples, runs, 1))
    sample = random.integers(samples, size=(resamples, runs, samples))
    above, below = top[run, sample].sum(axis=(1, 2)), bottom[run, sample].sum(axis=(1, 2))
    return np.divide(above, below, out=np.full(resamples, np.nan), where=below != 0)


def _ratio(above: float, below: float) -> float:
    return above / below if below != 0 else np.nan


def _rows(strata: Sequence[object] | None, known: np.ndarray) -> list[object] | None:
    if strata is None:
        return None
    return [stratum for stratum, row in zip(strata, known, strict=True) if row.any()]


def _split(values: np.ndarray, strata: Sequence[object] | None) -> list[np.ndarray]:
    """The values of each stratum, in order of first appearance."""
    if strata is None:
        return [values] if values.size else []
    names = list(dict.fromkeys(strata))
    member = np.array([names.index(stratum) for stratum in strata], dtype=np.int64)
    return [values[member == index] for index in range(len(names))]


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties at their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
