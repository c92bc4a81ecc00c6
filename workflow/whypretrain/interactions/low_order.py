"""Effects of few players in games of many: exact from the coalitions that they need, or estimated from random ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.coalitions import small_coalitions
from whypretrain.interactions.pairs import AT_ONCE, COALITIONS_A_COEFFICIENT

_MOST_PLAYERS = 62  # bits of a code


def moebius_low_order(v: np.ndarray, players: int, *, order: int = 3) -> np.ndarray:
    """AND effects (Harsanyi dividends) of at most `order` players, exact, from scores of as many coalitions.

    I(S) = v(S) - sum over T proper subset of S of I(T): an effect of m players needs no larger coalition. With 24
    players and order 3 these are 2,325 of 16,777,216.

    Args:
        v: scores of `small_coalitions(players, order)`, (..., P), in that order.
        players: number of players n, at most 62.
        order: the most players of an effect.

    Returns:
        float64 of v's shape: the effect of the same coalition at each index.

    Raises:
        InputError: if there are too many players, or v does not have one score a coalition.

    Source: arXiv 2410.08455, Eq. (2).

    >>> from whypretrain.interactions import small_coalitions
    >>> small_coalitions(3, 2).astype(int).tolist()
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]]
    >>> moebius_low_order(np.array([1.0, 3.0, 1.0, 1.0, 7.0, 3.0, 1.0]), 3, order=2).tolist()
    [1.0, 2.0, 0.0, 0.0, 4.0, 0.0, 0.0]
    """
    masks = small_coalitions(players, order)
    if players > _MOST_PLAYERS:
        raise InputError(f"{players} players are too many: use at most {_MOST_PLAYERS}, or `walsh_low_degree`")
    effects = np.array(v, dtype=np.float64)
    if effects.shape[-1:] != (len(masks),):
        raise InputError(
            f"scores have shape {effects.shape}: give (..., {len(masks)}), one for each of the coalitions"
            f" small_coalitions({players}, {order})"
        )
    codes, start = masks @ (1 << np.arange(players)), 1
    place = np.argsort(codes)
    for size in range(1, order + 1):
        members = 1 << np.array([*combinations(range(players), size)])
        here = slice(start, start + len(members))
        for smaller in range(size):
            for chosen in combinations(range(size), smaller):
                subset = members[:, list(chosen)].sum(axis=1, dtype=np.int64)
                effects[..., here] -= effects[..., place[np.searchsorted(codes, subset, sorter=place)]]
        start += len(members)
    return effects


@dataclass(frozen=True)
class LowDegree:
    """Estimated Walsh-Hadamard coefficients of few players, with standard errors.

    Attributes:
        coalitions: whose coefficients they are, Boolean (K, n), those of `small_coalitions`.
        values: estimates, (..., K). Times 2^|S| they are Banzhaf interaction indices.
        error: standard errors from the choice of coalitions, (..., K).
        freedom: degrees of freedom of the errors.
    """

    coalitions: np.ndarray
    values: np.ndarray
    error: np.ndarray
    freedom: int

    def bounds(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Student's t interval of each coefficient."""
        from scipy.special import stdtrit

        if not 0 < confidence < 1:
            raise InputError(f"confidence {confidence} is outside (0, 1): give e.g. 0.95")
        reach = self.error * stdtrit(self.freedom, (1 + confidence) / 2)
        return self.values - reach, self.values + reach


def walsh_low_degree(v: np.ndarray, masks: np.ndarray, *, max_degree: int = 2) -> LowDegree:
    """Estimate the Walsh-Hadamard coefficients w(S), |S| <= max_degree, of any number of players (see `walsh`).

    Degrees are fitted by least squares as long as there are 4 coalitions a coefficient, with standard errors that
    allow for unequal variances (HC3). A coefficient of a higher degree is the mean over the coalitions T of chi_S(T)
    times what the fit to all others misses at T: unbiased, and without the noise of the degrees below.

    Args:
        v: scores, (..., P).
        masks: the coalitions that they are of, Boolean (P, n), as `random_coalitions` draws them.
        max_degree: the most players of a coefficient.

    Raises:
        InputError: if shapes do not fit, scores are not finite, or there are fewer than 8 coalitions.

    Source: O'Donnell, Analysis of Boolean Functions (2014), for the coefficients; MacKinnon and White (1985) for HC3.

    >>> from whypretrain.interactions import random_coalitions
    >>> masks = random_coalitions(30, 2000, seed=0)
    >>> found = walsh_low_degree(3.0 * masks[:, 4] + (masks[:, 1] & masks[:, 2]), masks)
    >>> [found.values[found.coalitions[:, player].argmax()].round(2).item() for player in (1, 4)]
    [0.25, 1.5]
    """
    v, masks = np.asarray(v, dtype=np.float64), np.asarray(masks)
    number, players = masks.shape if masks.ndim == 2 else (0, 0)
    if masks.dtype != bool or v.shape[-1:] != (number,) or number < 2 * COALITIONS_A_COEFFICIENT:
        raise InputError(
            f"scores have shape {v.shape}, masks are {masks.dtype} of shape {masks.shape}: give (..., P) and Booleans"
            f" (P, players), at least {2 * COALITIONS_A_COEFFICIENT} coalitions"
        )
    if not np.isfinite(v).all():
        raise InputError("scores are not finite; remove or score these samples again")
    sets, signs = small_coalitions(players, max_degree), np.where(masks, 1.0, -1.0)
    fitted = _fitted(players, max_degree, number)
    basis, upper = np.linalg.qr(np.concatenate([*_characters(signs, sets[:fitted])], axis=1))
    missed = (v - (v @ basis) @ basis.T) / (1 - np.minimum((basis**2).sum(axis=1), 1 - 1e-9))
    pseudo = np.linalg.solve(upper, basis.T)
    values, error = [v @ pseudo.T], [np.sqrt(missed**2 @ (pseudo**2).T)]
    for columns in _characters(signs, sets[fitted:]):
        mean = missed @ columns / number
        spread = (missed**2).mean(axis=-1, keepdims=True) - mean**2
        values.append(mean)
        error.append(np.sqrt(np.maximum(spread, 0.0) / (number - 1)))
    return LowDegree(sets, np.concatenate(values, axis=-1), np.concatenate(error, axis=-1), number - fitted)


def _fitted(players: int, max_degree: int, number: int) -> int:
    """Coefficients of the degrees that leave enough coalitions for each."""
    count = 1
    for degree in range(1, max_degree + 1):
        if COALITIONS_A_COEFFICIENT * (count + comb(players, degree)) > number:
            break
        count += comb(players, degree)
    return count


def _characters(signs: np.ndarray, sets: np.ndarray) -> Iterator[np.ndarray]:
    """chi_S of coalitions (P, n) for the sets S (K, n), in blocks of columns (P, block)."""
    step = max(1, AT_ONCE // len(signs))
    for start in range(0, len(sets), step):
        block = sets[start : start + step]
        odd = (signs < 0).astype(np.float64) @ block.T.astype(np.float64) % 2
        yield 1.0 - 2.0 * odd
