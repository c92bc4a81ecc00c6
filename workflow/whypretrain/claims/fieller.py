"""Excess over the floor as a fraction of the way to the ceiling, (measured - floor) / (ceiling - floor), over runs.

The interval is Fieller's (J. R. Stat. Soc. B 16, 1954): all values e for which the mean of x - e y over runs does not
differ from 0 by Student's t, with x = measured - floor and y = ceiling - floor of each run. With runs that are normal
it covers the truth at exactly its level, also for few runs. Where y is not clearly above 0 the set has no bounds: there
is no scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whypretrain.statistics import Estimate, Interval, seed_estimate

NO_SCALE = "no scale: the ceiling is not clearly above the floor"


@dataclass(frozen=True)
class Excess(Estimate):
    """An excess over runs, whose tests are those that its interval is made of."""

    above: np.ndarray
    span: np.ndarray
    strata: Sequence[object]

    @classmethod
    def of(cls, above: ArrayLike, span: ArrayLike, strata: Sequence[object]) -> Excess:
        """From measured - floor and ceiling - floor of each run, shape (runs,)."""
        x, y = (np.asarray(values, dtype=np.float64) for values in (above, span))
        mean = seed_estimate(y, strata).value
        value = seed_estimate(x, strata).value / mean if mean > 0 else np.nan
        rest = seed_estimate(x - value * y, strata)
        return cls(value, rest.error / mean if mean > 0 else np.nan, rest.freedom, len(x), x, y, strata)

    def interval(self, confidence: float = 0.95) -> Interval:
        """Fieller's; see `excess`."""
        return excess(self.above, np.zeros_like(self.above), self.span, self.strata, confidence)

    def p_value(self, bound: float) -> float:
        """Two-sided p-value of "the true excess is `bound`": of the mean of above - bound * span against 0."""
        return seed_estimate(self.above - bound * self.span, self.strata).p_value(0.0)


def excess(
    measured: ArrayLike,
    floor: ArrayLike,
    ceiling: ArrayLike,
    strata: Sequence[object] | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Where the measured value is between its floor (0) and its ceiling (1), with its Fieller interval.

    Args:
        measured, floor, ceiling: one number a run, shape (runs,).
        strata: the stratum of each run, see `seed_estimate`.
        confidence: of the interval.

    Returns:
        Bounds of minus and plus infinity, and no estimate (NaN), where there is no scale; bounds of NaN where one run
        of a stratum alone gives none.
    """
    from scipy.special import stdtrit

    top, bottom, low = (np.asarray(values, dtype=np.float64) for values in (measured, ceiling, floor))
    x, y = top - low, bottom - low
    above, below = seed_estimate(x, strata), seed_estimate(y, strata)
    if not np.isfinite(above.value) or below.value <= 0:
        return Interval(np.nan, -np.inf, np.inf)
    value = above.value / below.value
    if not below.freedom > 0:
        return Interval(value, np.nan, np.nan)
    freedom = seed_estimate(x - value * y, strata).freedom
    t = float(stdtrit(freedom, (1 + confidence) / 2))
    both = seed_estimate(x + y, strata).error ** 2 - above.error**2 - below.error**2
    a = below.value**2 - t**2 * below.error**2
    b = above.value * below.value - t**2 * both / 2
    c = above.value**2 - t**2 * above.error**2
    if a <= 0:
        return Interval(np.nan, -np.inf, np.inf)
    reach = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return Interval(value, (b - reach) / a, (b + reach) / a)
