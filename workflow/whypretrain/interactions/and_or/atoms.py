"""The linear algebra of AND and OR effects together, on fast transforms.

A game is a sum of AND atoms (1 where S is shown) and OR atoms (1 where any player of S is shown), plus an
error d. In the Moebius domain, with the sign (-1)^|S| on row S, the equation v = AND part + OR part + d reads

    sign * and_ - up(or_) + zeta(sign * d) = sign * moebius(v),    up(y)(S) = sum over R containing S of y(R),

where up counts only nonempty S. All entries of these matrices are 0 or 1 up to the sign, so their Gram matrix
is a table lookup in S union S' and S intersect S', without cancellation: what makes second-order methods
cheap and stable here.

The OR atoms of the empty set and of single players equal AND atoms; they are left out, which merges the two.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from whypretrain.interactions.transforms import orders, players_of


def signs(n: int) -> np.ndarray:
    """(-1)^|S| of each coalition."""
    return 1.0 - 2.0 * (orders(n) % 2)


class Kronecker:
    """The n-fold Kronecker power of a 2 x 2 matrix, applied to the last axis, (..., 2^n) -> (..., 2^n).

    As two products with dense powers for half of the players each: 2^(3n/2 + 1) multiplications, of a kind that
    processors do best.
    """

    def __init__(self, factor: np.ndarray, n: int) -> None:
        low, high = (_power(factor, half) for half in (n // 2, n - n // 2))
        self._shape, self._low, self._high = (len(high), len(low)), np.ascontiguousarray(low.T), high

    def __call__(self, values: np.ndarray) -> np.ndarray:
        grid = values.reshape(*values.shape[:-1], *self._shape)
        return np.matmul(self._high, np.matmul(grid, self._low)).reshape(values.shape)


class WeightedGram:
    """The metric in which effects of order m weigh decay^m, and the inverse of their Gram matrix, without a matrix.

    Attributes:
        metric: weights, (2, 2^n), zero for atoms that are not in use.

    Without an error the Gram matrix of nonempty rows, compose @ diag(metric) @ correlate, is a sum of two Kronecker
    powers: of A = diag(1, decay) for AND, of B = [[1 + decay, decay], [decay, decay]] for OR effects. The
    eigenvectors of the pencil (A, B) diagonalise both, so that two fast transforms solve what takes 2^(2n)
    multiplications with a factored matrix. This is exact if AND effects of single players, which equal the OR
    effects left out, weigh twice as much. The row of the empty set is an equation of its own.
    """

    def __init__(self, n: int, decay: float) -> None:
        from scipy.linalg import eigh

        both = np.array([[1 + decay, decay], [decay, decay]])
        scales, vectors = eigh(both, np.diag([1.0, decay]))
        self.metric = used(n) * decay ** orders(n)
        self.metric[0, orders(n) == 1] *= 2
        self._into, self._out = Kronecker(vectors.T, n), Kronecker(vectors, n)
        self._inverse = 1.0 / (1.0 + _power(scales[None], n)[0])
        self._empty = self._whole(np.eye(1, 1 << n)[0])

    def solve(self, right: np.ndarray) -> np.ndarray:
        """The vector whose product with the Gram matrix is `right`, (..., 2^n) -> (..., 2^n)."""
        rest = right.copy()
        rest[..., 0] = 0.0
        found = self._whole(rest)
        found -= found[..., :1] / self._empty[0] * self._empty
        found[..., 0] = right[..., 0] / self.metric[0, 0]
        return found

    def _whole(self, right: np.ndarray) -> np.ndarray:
        return self._out(self._into(right) * self._inverse)


@lru_cache(maxsize=4)
def used(n: int) -> np.ndarray:
    """1.0 for the atoms in use, (2, 2^n): all AND, and OR of two or more players."""
    return np.stack([np.ones(1 << n), (orders(n) > 1).astype(float)])


def up(values: np.ndarray) -> np.ndarray:
    """Sums over all supersets, (..., 2^n)."""
    return _sums(players_of(values))[0](values)


def down(values: np.ndarray) -> np.ndarray:
    """Sums over all subsets, (..., 2^n), as `zeta`."""
    return _sums(players_of(values))[1](values)


@lru_cache(maxsize=4)
def _sums(n: int) -> tuple[Kronecker, Kronecker]:
    supersets = np.array([[1.0, 1.0], [0.0, 1.0]])
    return Kronecker(supersets, n), Kronecker(supersets.T, n)


def _power(factor: np.ndarray, times: int) -> np.ndarray:
    found = np.ones((1, 1))
    for _ in range(times):
        found = np.kron(factor, found)
    return found


def compose(effects: np.ndarray) -> np.ndarray:
    """Signed Moebius coefficients of AND and OR effects together, (..., 2, 2^n) -> (..., 2^n)."""
    n = effects.shape[-1].bit_length() - 1
    raised = up(effects[..., 1, :])
    raised[..., 0] = 0.0
    return signs(n) * effects[..., 0, :] - raised


def correlate(dual: np.ndarray) -> np.ndarray:
    """Adjoint of `compose`: inner products of the atoms in use with a dual vector, (..., 2^n) -> (..., 2, 2^n)."""
    n = dual.shape[-1].bit_length() - 1
    nonempty = dual.copy()
    nonempty[..., 0] = 0.0
    return np.stack([signs(n) * dual, -down(nonempty)], axis=-2) * used(n)


def compose_error(error: np.ndarray) -> np.ndarray:
    """Signed Moebius coefficients of an error in the scores, (..., 2^n)."""
    return down(signs(error.shape[-1].bit_length() - 1) * error)


def correlate_error(dual: np.ndarray) -> np.ndarray:
    """Adjoint of `compose_error`."""
    return signs(dual.shape[-1].bit_length() - 1) * up(dual)


def gram(weights: np.ndarray, error_weights: np.ndarray | None) -> np.ndarray:
    """compose @ diag(weights) @ correlate, and likewise for the error: (2, 2^n) [and (2^n,)] -> (2^n, 2^n)."""
    length = weights.shape[-1]
    index = np.arange(length, dtype=np.int32)
    found = up(weights[1])[index[:, None] | index]
    found[0] = found[:, 0] = 0.0
    if error_weights is not None:
        found += down(error_weights)[index[:, None] & index]
    found.flat[:: length + 1] += weights[0]
    return found
