"""Agreement by degree for any number of players, from random coalitions: all their pairs, one kernel a degree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.agreement import Agreement, correlation, fisher_bounds, pooled, split_off_all
from whypretrain.interactions.pairs import Pairs, all_pairs

CLEAR = 3.0  # standard errors by which a variance must exceed 0 to be divided by
SMALLEST_NUMBER = 10


@dataclass(frozen=True)
class SampledAgreement(Agreement):
    """Agreement estimated from random coalitions; entry m-1 of degree m, up to the largest asked for, (..., degrees).

    `low` and `high` are about new samples and new coalitions, as in `Agreement`. What follows is about these
    samples: how far the estimate may be from what all 2^n coalitions would give.

    Attributes:
        error: standard error from the choice of coalitions, (..., degrees); NaN where the agreement is.
        all_error: the same for all degrees together.
        first, second: components of its square, `4 first / P + 2 second / P^2` with P coalitions a sample.
        number: P.
    """

    error: np.ndarray
    all_error: np.ndarray
    first: np.ndarray
    second: np.ndarray
    number: int

    def exact_bounds(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Interval, per degree, of the agreement of these samples that all coalitions would give."""
        error = self.error / np.maximum(1.0 - self.by_degree**2, 1e-12)
        return fisher_bounds(self.by_degree, error, self.number - 1, confidence)

    def coalitions_needed(self, error: float = 0.02) -> np.ndarray:
        """Coalitions a sample, (degrees,), at which `error` would be as given, from this run's components.

        Raises:
            InputError: if the error is not positive.
        """
        return _coalitions_for(self.first, self.second, error)


def coalitions_predicted(
    players: int, variance_shares: Sequence[float], *, samples: int, fitted: int = 1, error: float = 0.02
) -> np.ndarray:
    """Predict the coalitions a sample that `agreement_sampled` takes for a standard error, before it is run.

    With f of the variance at degree m and r left after the fit of lower degrees, two unrelated models have
    error^2 = 2 r / (f S P) + C(players, m) r^2 / (f^2 S P^2) over S samples: the noise of single scores, and
    that of pairs. Related models have less, samples of unequal variance more: a prediction within a factor of
    about 2. `SampledAgreement.coalitions_needed` is more exact, from a trial run with the same players.

    Args:
        players: number of players.
        variance_shares: the part of a model's variance at degrees 1, 2, ... (see `fourier_weight`), positive.
        samples: number of samples.
        fitted: the largest degree that is fitted first (see `agreement_sampled`).
        error: the standard error wanted.

    Returns:
        One number for each of `variance_shares`, rounded up.

    Raises:
        InputError: if a share is not in (0, 1] or they sum to more than 1, or the error is not positive.

    >>> coalitions_predicted(10, [0.7, 0.2, 0.1], samples=40).tolist()
    [186.0, 217.0, 508.0]
    """
    shares = np.asarray(variance_shares, dtype=np.float64)
    if not ((shares > 0).all() and shares.sum() <= 1 + 1e-9):
        raise InputError(f"variance_shares {shares.tolist()}: give positive parts of a variance, at most 1 in all")
    degrees = np.arange(1, len(shares) + 1)
    rest = 1 - np.array([shares[: min(degree - 1, fitted)].sum() for degree in degrees])
    subsets = np.array([float(comb(players, degree)) for degree in degrees])
    first = rest / (2 * shares * samples)
    return _coalitions_for(first, subsets * (rest / shares) ** 2 / (2 * samples), error)


def agreement_sampled(
    a: np.ndarray, b: np.ndarray, masks: np.ndarray, *, max_degree: int = 3, confidence: float = 0.95
) -> SampledAgreement:
    """Estimate `agreement` from P random coalitions that both models were scored on.

    The coalitions are drawn independently, each player in with probability 1/2; equal ones may occur. From all
    pairs of different draws,

        C_m(a, b) = 1 / (P (P - 1)) sum over i != j of a(T_i) b(T_j) K_m(d(T_i, T_j))

    with the Krawtchouk polynomial K_m of the Hamming distance d estimates the sum of a_S b_S over |S| = m
    without bias. What lower degrees explain by least squares is taken off the scores first, degree by degree
    as long as there are 4 coalitions a coefficient: it lowers the variance and leaves a factor,
    (1 - coefficients / P)^2, which is divided out. Over all degrees the covariance of the scores is used.

    C_m is summed over samples before dividing. The ratio is NaN where a model's own C_m is not at least 3
    standard errors above 0; `n_undefined` counts the samples for which this is so by themselves.

    Draw coalitions anew for each sample: with shared ones the errors of samples do not average out. The bounds
    allow for that. In simulations with 8 to 12 players the bounds, and those of `exact_bounds`, cover in 93 to
    97 % of cases where they are defined (see `agreement` for samples of very unequal variance).

    With 65, 20 and 8 % of the variance at degrees 1, 2 and 3 and 40 samples, a standard error of 0.02 takes
    about 210, 310 and 450 coalitions a sample for 10 players, 260, 840 and 10,000 for 64, and 310 and 2,200 for
    196, where degree 3 is predicted to take 40,000.

    Args:
        a, b: scores, (..., samples, P); leading axes broadcast, as in `agreement`.
        masks: Boolean, (P, n) shared by all samples, or (samples, P, n): which players are present.
        max_degree: the largest degree estimated; the standard error grows as sqrt(n! / (m! (n - m)!)) / P.
        confidence: of the interval, between 0 and 1.

    Raises:
        InputError: if shapes do not fit, scores are not finite, or there are too few coalitions.

    Source: O'Donnell, Analysis of Boolean Functions (2014), for the kernel; the estimator is ours.
    """
    a, b, masks = checked(a, b, masks, max_degree)
    shared, (*lead, samples, number) = masks.ndim == 2, a.shape
    x, y = (scores.reshape(-1, samples, number) for scores in (a, b))
    if shared:
        whole = all_pairs(x.reshape(-1, number), y.reshape(-1, number), masks, max_degree)
        found = [whole.of(slice(start, start + samples)) for start in range(0, len(x) * samples, samples)]
    else:
        each = [all_pairs(x[:, at], y[:, at], masks[at], max_degree) for at in range(samples)]
        found = [Pairs.joined([one.of([model]) for one in each]) for model in range(len(x))]
    parts = [estimated(pairs, shared, confidence) for pairs in found]
    stacked = {name: np.array([part[name] for part in parts]) for name in parts[0]}
    values = {name: array.reshape((*lead, *array.shape[1:])) for name, array in stacked.items()}
    return SampledAgreement(**values, number=number)


def estimated(pairs: Pairs, shared: bool, confidence: float) -> dict[str, np.ndarray]:
    """The arrays of a `SampledAgreement` of two models."""
    clear = np.all([_clearly_positive(pairs, part, shared) for part in (1, 2)], axis=0)
    undefined = _unclear_samples(pairs)
    ab, aa, bb = np.moveaxis(pairs.sums, -1, 0)
    value = correlation(*(np.where(clear, part.sum(axis=0), np.nan) for part in (ab, aa, bb)))
    weights = _gradient(value, aa.sum(axis=0), bb.sum(axis=0))
    number = pairs.rows.shape[-1]
    first, second = pairs.components(weights, shared=shared)
    error = np.sqrt(_variance(first, second, number))
    within = np.sqrt(_variance(*pairs.components(weights, shared=False), number))
    unseen = np.maximum(error**2 - within**2, 0.0) / np.maximum(1 - value**2, 1e-12) ** 2
    _, low, high = pooled(ab, aa, bb, confidence, unseen)
    by_degree, low, high = (np.where(clear, part, np.nan) for part in (value, low, high))
    more = {"error": error[:-1], "all_error": error[-1], "first": first[:-1], "second": second[:-1]}
    return {**vars(split_off_all(by_degree, low, high, undefined)), **more}


def _coalitions_for(first: np.ndarray, second: np.ndarray, error: float) -> np.ndarray:
    """P at which 4 first / P + 2 second / P^2 is error^2."""
    if not error > 0:
        raise InputError(f"error {error} is not positive: give the standard error wanted, e.g. 0.02")
    return np.ceil((2 * first + np.sqrt(4 * first**2 + 2 * second * error**2)) / error**2)


def _clearly_positive(pairs: Pairs, part: int, shared: bool) -> np.ndarray:
    """Whether a model's own sum of products is, at each degree."""
    weights = np.tile(np.eye(3)[part], (pairs.sums.shape[1], 1))
    error = np.sqrt(_variance(*pairs.components(weights, shared=shared), pairs.rows.shape[-1]))
    return pairs.sums[..., part].sum(axis=0) > CLEAR * error


def _unclear_samples(pairs: Pairs) -> np.ndarray:
    """Samples by themselves in which a model's variance is not clearly positive, at each degree."""
    alone = [pairs.of([sample]) for sample in range(len(pairs.sums))]
    clear = [_clearly_positive(one, 1, False) & _clearly_positive(one, 2, False) for one in alone]
    return (~np.array(clear)).sum(axis=0)


def _gradient(value: np.ndarray, aa: np.ndarray, bb: np.ndarray) -> np.ndarray:
    """Derivatives of ab / sqrt(aa bb) by ab, aa and bb, (k, 3); NaN where the ratio is."""
    aa, bb = (np.where(np.isnan(value), np.nan, part) for part in (aa, bb))
    return np.stack([1 / np.sqrt(aa * bb), -value / (2 * aa), -value / (2 * bb)], axis=-1)


def _variance(first: np.ndarray, second: np.ndarray, number: int) -> np.ndarray:
    return 4 * first / number + 2 * second / number**2


def checked(
    a: np.ndarray, b: np.ndarray, masks: np.ndarray, max_degree: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of two models as float64 (..., samples, P), and their masks, Booleans (P, n) or (samples, P, n).

    Raises:
        InputError: if shapes do not fit each other, scores are not finite, the degree is none of the players', or P is
            below `SMALLEST_NUMBER`.
    """
    a, b = (np.asarray(scores, dtype=np.float64) for scores in (a, b))
    masks = np.asarray(masks)
    if min(a.ndim, b.ndim) < 2 or a.shape[-2:] != b.shape[-2:]:
        raise InputError(f"scores have shapes {a.shape} and {b.shape}: give (samples, coalitions) for both models")
    a, b = np.broadcast_arrays(a, b)
    samples, number = a.shape[-2:]
    if masks.dtype != bool or masks.shape[:-1] not in ((number,), (samples, number)):
        raise InputError(
            f"masks are {masks.dtype} of shape {masks.shape}: give Booleans, ({number}, players) or"
            f" ({samples}, {number}, players), to fit the scores"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise InputError("scores are not finite; remove or score these samples again")
    if not 1 <= max_degree <= masks.shape[-1]:
        raise InputError(f"max_degree {max_degree} is outside 1 to {masks.shape[-1]}, the number of players")
    if number < SMALLEST_NUMBER:
        raise InputError(f"{number} coalitions are too few for pairs: score at least {SMALLEST_NUMBER}")
    return a, b, masks
