"""What the AND-OR split is compared with: the published recipe, and a linear program for HiGHS."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from whypretrain.interactions import moebius, or_interactions


def published_recipe(v: np.ndarray, *, steps: int = 10_000, learning_rate: float = 1e-5) -> float:
    """Sum of all |effects| of a game (2^n,) that the recipe of the method's authors ends with.

    Settings as in the code published with arXiv 2305.01939 (ICML 2023): 10,000 subgradient steps of momentum 0.9 from
    zero, learning rate 1e-5 that decays tenfold over the run. Larger rates diverge, smaller ones stop far from the
    optimum.
    """
    difference, velocity = np.zeros(v.size), np.zeros(v.size)  # difference: half of v_and - v_or
    for step in range(steps):
        by_and = _moebius_adjoint(np.sign(moebius(v / 2 + difference)))
        by_or = _or_adjoint(np.sign(or_interactions(v / 2 - difference)))
        velocity = 0.9 * velocity + by_and - by_or
        difference = difference - learning_rate * 0.1 ** (step / steps) * velocity
    ends = moebius(v / 2 + difference), or_interactions(v / 2 - difference)
    return float(sum(np.abs(effects).sum() for effects in ends))


def linear_program(v: np.ndarray) -> float:
    """The least sum of all |effects| of a game (2^n,), exact.

    Unknowns are the positive and negative parts of the effects, and v_and; the rows say that the effects are transforms
    of v_and and of v_or = v - v_and. So the matrix has 3^n entries, where one of AND and OR atoms has 4^n.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    size = v.size
    one = sparse.csr_array([[1.0, 0.0], [-1.0, 1.0]])
    and_rows: Any = reduce(
        lambda matrix, _: sparse.kron(one, matrix, format="csr"),
        range(size.bit_length() - 1),
        sparse.csr_array([[1.0]]),
    )
    or_rows = and_rows[1:, ::-1]  # minus the OR effects of a vector of scores, the empty set's left out
    effects = sparse.identity(2 * size - 1, format="csr")
    scores = sparse.vstack([and_rows, or_rows], format="csr")
    first = sparse.csr_array(([1.0], ([0], [0])), shape=(1, size))  # v_or(empty) = 0
    found = linprog(
        np.concatenate([np.ones(4 * size - 2), np.zeros(size)]),
        A_eq=sparse.block_array([[effects, -effects, -scores], [None, None, first]], format="csr"),
        b_eq=np.concatenate([np.zeros(size), -(or_rows @ v), v[:1]]),
        bounds=[(0, None)] * (4 * size - 2) + [(None, None)] * size,
        method="highs",
    )
    return float(found.fun)


def _moebius_adjoint(values: np.ndarray) -> np.ndarray:
    return moebius(values[::-1])[::-1]


def _or_adjoint(values: np.ndarray) -> np.ndarray:
    """Adjoint of `or_interactions`: minus the Moebius adjoint, reversed, and the empty set's effect by itself."""
    nonempty = values.copy()
    nonempty[0] = 0.0
    found = -_moebius_adjoint(nonempty)[::-1]
    found[0] += values[0]
    return found
