"""How many seeds, or samples, would decide a claim at the effect that was seen.

The estimate is taken as the truth and its error as that of `n` seeds. With `m` seeds and `k` times the samples it is

    error(m, k)^2 = n / m * (between + within / k),    freedom(m) = freedom * (m - 1) / (n - 1),

where `within` is what the samples of a run contribute. Wanted is that Student's t excludes each bound with at least the
probability POWER, by the noncentral t distribution. The error of a few seeds is itself uncertain: with three seeds by a
factor of two to either side, and the number of seeds by its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whypretrain.claims.claim import Range
from whypretrain.statistics import Estimate

POWER = 0.8
MOST = 1000  # seeds
MOST_SAMPLES = 100_000

Test = tuple[Estimate, Range, float]  # what is measured, the range it has to be in or out of, the level of the test


@dataclass(frozen=True)
class Needed:
    """Seeds (with the samples that there are) and samples (with the seeds) that would decide; None where unknown."""

    seeds: int | None = None
    samples: int | None = None
    reason: str = ""  # why there is no number

    @property
    def text(self) -> str:
        """In words, e.g. about 7 seeds or 60 samples."""
        parts = [f"{self.seeds} seeds"] if self.seeds else []
        parts += [f"{self.samples} samples"] if self.samples else []
        return f"about {' or '.join(parts)}" if parts else ""


def needed(
    tests: Sequence[Test], *, seeds: int, minimum: int, samples: int | None = None, within: float = np.nan
) -> Needed:
    """What would decide a claim: its own test first, then those of controls that it has to pass.

    Args:
        tests: estimates from `seeds` seeds each. A control that lies outside its range would not pass with more.
        seeds, samples: those that there are; the samples are those of the claim's own test.
        minimum: the fewest seeds that decide anything.
        within: the part of the claim's squared error that more samples would reduce.
    """
    if any(not wanted.contains(estimate.value) for estimate, wanted, _ in tests[1:]):
        return Needed(reason="more seeds would not decide it: its control explains as much")
    if any(not (estimate.freedom > 0 and estimate.error > 0) for estimate, _, _ in tests):
        fewest = minimum if seeds < minimum else None
        return Needed(fewest, reason="" if fewest else "what would decide it is not known: no spread over seeds")
    ahead = np.arange(max(2, minimum), MOST + 1)
    chance = np.min([_chance(test, seeds / ahead, (ahead - 1) / (seeds - 1)) for test in tests], axis=0)
    enough = np.flatnonzero(chance >= POWER)
    reason = "" if enough.size else f"an effect so close to a bound would take more than {MOST:,} seeds"
    more = _samples(tests, samples, within) if samples and seeds >= minimum else None
    return Needed(int(ahead[enough[0]]) if enough.size else None, more, reason)


def _samples(tests: Sequence[Test], samples: int, within: float) -> int | None:
    """The fewest samples that would do with the seeds that there are; None where none do, or a control needs seeds."""
    part = min(1.0, within / tests[0][0].error ** 2)
    if not part > 0 or any(_chance(test, 1.0, 1.0) < POWER for test in tests[1:]):
        return None
    times = np.geomspace(1, max(1.0, MOST_SAMPLES / samples), 400)
    enough = np.flatnonzero(_chance(tests[0], 1 - part + part / times, 1.0) >= POWER)
    return int(np.ceil(samples * times[enough[0]])) if enough.size else None


def _chance(test: Test, scale: ArrayLike, freedom: ArrayLike) -> np.ndarray:
    """Probability that the test decides, with the squared error and the freedom scaled so."""
    estimate, wanted, alpha = test
    distances = np.abs(np.array(wanted.bounds) - estimate.value)
    if not wanted.contains(estimate.value):
        distances = distances.min(keepdims=True)  # the other bound is excluded with it
    error, free = estimate.error * np.sqrt(scale), np.asarray(estimate.freedom * np.asarray(freedom, dtype=np.float64))
    missed = np.sum([1 - excluded(distance / error, free, alpha) for distance in distances], axis=0)
    return np.asarray(np.maximum(0.0, 1 - missed))


def excluded(noncentrality: ArrayLike, freedom: ArrayLike, alpha: float) -> np.ndarray:
    """Probability that a two-sided t-test excludes a bound that lies `noncentrality` standard errors from the truth."""
    from scipy.special import nctdtr, ndtr, stdtrit

    far, free = np.broadcast_arrays(np.asarray(noncentrality, float), np.asarray(freedom, float))
    critical = stdtrit(free, 1 - alpha / 2)
    exact = 1 - nctdtr(free, np.minimum(far, 30.0), critical)
    return np.where(np.isfinite(exact) & (far <= 30), exact, ndtr(far - critical))
