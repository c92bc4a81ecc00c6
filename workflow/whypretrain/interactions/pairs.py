"""Covariances by degree from all pairs of random coalitions, and how far their choice may move them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

AT_ONCE = 1 << 20  # entries of a kernel that are held in memory
COALITIONS_A_COEFFICIENT = 4  # below, a fit of lower degrees costs more than it gives


@dataclass(frozen=True)
class Pairs:
    """Estimated products of two models' coefficients, summed by degree 1..k-1, and their total variance last.

    With P coalitions, in the order (a, b), (a, a), (b, b) on the axis of 3:

    Attributes:
        sums: (S, k, 3), C_m of each sample.
        rows: (S, k, 3, P), the mean over all other coalitions of what each adds to C_m.
        squares: (S, k, 3, 3), the mean products of what pairs of coalitions add to C_m.
        fitted: (k,), coefficients fitted before, as a fraction of P.
    """

    sums: np.ndarray
    rows: np.ndarray
    squares: np.ndarray
    fitted: np.ndarray

    def of(self, samples: slice | list[int]) -> Pairs:
        """The pairs of some of the samples."""
        return Pairs(self.sums[samples], self.rows[samples], self.squares[samples], self.fitted)

    @staticmethod
    def joined(parts: Sequence[Pairs]) -> Pairs:
        """The pairs of all samples of the parts, which have equally many coalitions of their own."""
        sums, rows, squares = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("sums", "rows", "squares")
        )
        return Pairs(sums, rows, squares, parts[0].fitted)

    def components(self, weights: np.ndarray, *, shared: bool) -> tuple[np.ndarray, np.ndarray]:
        """Components f, s of the variance 4 f / P + 2 s / P^2 of the weighted sums, each (k,).

        They are Hoeffding's for a mean over pairs, added up over samples.

        Args:
            weights: (k, 3), of the three products at each degree.
            shared: whether all samples have the same coalitions, so that their errors add up. The variance
                is then at most the one stated.
        """
        number = self.rows.shape[-1]
        rows = np.einsum("ku,skup->skp", weights, self.rows)
        sums = np.einsum("ku,sku->sk", weights, self.sums)
        total = np.einsum("ku,skuv,kv->sk", weights, self.squares, weights) - sums**2
        rows = rows.sum(axis=0, keepdims=True) if shared else rows
        spread = rows.var(axis=-1, ddof=1).sum(axis=0)
        total = total.sum(axis=0)
        first = np.maximum((spread - total / (number - 1)) * (number - 1) / (number - 2), 0.0)
        first /= 1 - self.fitted  # residuals vary less than errors
        second = np.maximum(total - 2 * first, 0.0)
        first[-1], second[-1] = spread[-1] / 4, 0.0  # the total variance is a mean over coalitions, not pairs
        return first, second


def all_pairs(a: np.ndarray, b: np.ndarray, masks: np.ndarray, max_degree: int) -> Pairs:
    """The products of all pairs of the coalitions `masks` (P, n), on which both have scores, (S, P)."""
    signs = np.where(masks, 1.0, -1.0)
    number, samples = len(signs), len(a)
    scores = np.stack([a, b])
    cleared, fitted = zip(*(without_lower_degrees(scores, signs, 1 + m) for m in range(max_degree)), strict=True)
    rows = np.empty((samples, max_degree + 1, 3, number))
    squares = np.zeros((samples, max_degree + 1, 3, 3))
    for block in _blocks(number):
        for place, kernel in enumerate(kernels(signs[block], signs, max_degree)):
            kernel[np.arange(len(kernel)), np.arange(number)[block]] = 0.0  # a draw is no pair with itself
            (p, q), products = cleared[place], _products(*cleared[place])
            by_p, by_q = p @ kernel.T, q @ kernel.T
            p, q = p[:, block], q[:, block]
            rows[:, place, :, block] = np.stack([(p * by_q + q * by_p) / 2, p * by_p, q * by_q], axis=1)
            squares[:, place] += _squares(products[..., block], products @ (kernel**2).T)
    rows[:, :-1] /= number - 1
    squares /= number * (number - 1)
    rows[:, -1] = _products(*cleared[0])[:, [1, 0, 2]] * (number / (number - 1))
    return Pairs(rows.mean(axis=-1), rows, squares, np.array([*fitted, fitted[0]]))


def kernels(x: np.ndarray, y: np.ndarray, max_degree: int) -> Iterator[np.ndarray]:
    """Krawtchouk polynomials K_m of the Hamming distances of x (R, n) and y (P, n), signs, for m = 1, 2, ...

    From their recurrence, (m + 1) K_{m+1} = (n - 2 d) K_m - (n - m + 1) K_{m-1}, with n - 2 d = x y'.
    """
    n, inner = x.shape[1], x @ y.T
    before, now = np.ones_like(inner), inner
    for degree in range(1, max_degree + 1):
        following = (inner * now - (n - degree + 1) * before) / (degree + 1) if degree < max_degree else now
        yield now.copy()
        before, now = now, following


def without_lower_degrees(scores: np.ndarray, signs: np.ndarray, degree: int) -> tuple[np.ndarray, float]:
    """Scores (..., P) less their least-squares fit by lower degrees, and its coefficients as a fraction of P.

    A degree is fitted if all below it are and it leaves enough coalitions a coefficient. The residuals are
    scaled so that products of two of them keep their expectation at `degree` and above.
    """
    number, n = signs.shape
    columns, count = [np.ones((number, 1))], 1
    for lower in range(1, degree):
        if COALITIONS_A_COEFFICIENT * (count + comb(n, lower)) > number:
            break
        columns.append(np.prod(signs[:, list(combinations(range(n), lower))], axis=-1))
        count += comb(n, lower)
    basis = np.linalg.qr(np.concatenate(columns, axis=1))[0]
    fitted = count / number
    return (scores - (scores @ basis) @ basis.T) / (1 - fitted), fitted


def _products(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """p^2, p q, q^2 of each sample, (S, 3, P)."""
    return np.stack([p * p, p * q, q * q], axis=1)


def _squares(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sums over pairs i, j of K_ij^2 Y_ij Z_ij, Y and Z of (p_i q_j + q_i p_j) / 2, p_i p_j, q_i q_j: (S, 3, 3).

    All follow from the products of p^2, p q and q^2 of i with those of j.
    """
    found = left @ right.swapaxes(-1, -2)
    pp, pq, qq = 0, 1, 2
    mixed = (found[:, pp, qq] + found[:, pq, pq]) / 2
    table = [
        [mixed, found[:, pp, pq], found[:, pq, qq]],
        [found[:, pp, pq], found[:, pp, pp], found[:, pq, pq]],
        [found[:, pq, qq], found[:, pq, pq], found[:, qq, qq]],
    ]
    return np.moveaxis(np.array(table), -1, 0)


def _blocks(number: int) -> Iterator[slice]:
    size = max(1, AT_ONCE // number)
    for start in range(0, number, size):
        yield slice(start, min(start + size, number))
