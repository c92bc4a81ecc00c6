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

from whypretrain.interactions.transforms import orders, zeta


def signs(n: int) -> np.ndarray:
    """(-1)^|S| of each coalition."""
    return 1.0 - 2.0 * (orders(n) % 2)


@lru_cache(maxsize=4)
def used(n: int) -> np.ndarray:
    """1.0 for the atoms in use, (2, 2^n): all AND, and OR of two or more players."""
    return np.stack([np.ones(1 << n), (orders(n) > 1).astype(float)])


def up(values: np.ndarray) -> np.ndarray:
    """Sums over all supersets, (..., 2^n)."""
    return zeta(values[..., ::-1])[..., ::-1]


def compose(effects: np.ndarray) -> np.ndarray:
    """Signed Moebius coefficients of AND and OR effects together, (..., 2, 2^n) -> (..., 2^n)."""
    n = effects.shape[-1].bit_length() - 1
    raised = up(effects[..., 1, :])
    raised[..., 0] = 0.0
    return signs(n) * effects[..., 0, :] - raised


def correlate(dual: np.ndarray) -> np.ndarray:
    """Adjoint of `compose`: the inner product of each atom in use with a dual vector, (..., 2^n) -> (..., 2,
    2^n).
    """
    n = dual.shape[-1].bit_length() - 1
    nonempty = dual.copy()
    nonempty[..., 0] = 0.0
    return np.stack([signs(n) * dual, -zeta(nonempty)], axis=-2) * used(n)


def compose_error(error: np.ndarray) -> np.ndarray:
    """Signed Moebius coefficients of an error in the scores, (..., 2^n)."""
    return zeta(signs(error.shape[-1].bit_length() - 1) * error)


def correlate_error(dual: np.ndarray) -> np.ndarray:
    """Adjoint of `compose_error`."""
    return signs(dual.shape[-1].bit_length() - 1) * up(dual)


def gram(weights: np.ndarray, error_weights: np.ndarray | None) -> np.ndarray:
    """compose @ diag(weights) @ correlate, plus the same for the error: (2, 2^n) [and (2^n,)] -> (2^n,
    2^n).
    """
    length = weights.shape[-1]
    index = np.arange(length, dtype=np.int32)
    found = up(weights[1])[index[:, None] | index]
    found[0] = found[:, 0] = 0.0
    if error_weights is not None:
        found += zeta(error_weights)[index[:, None] & index]
    found.flat[:: length + 1] += weights[0]
    return found
