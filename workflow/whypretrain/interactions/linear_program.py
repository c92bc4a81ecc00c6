"""The sparsest AND-OR split of one game as a linear program for HiGHS: exact, independent of our solvers, and
slow.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from whypretrain.interactions import atoms
from whypretrain.interactions.interior import Split
from whypretrain.interactions.transforms import moebius, or_reconstruct


def sparsest(v: np.ndarray, kappa: float) -> Split:
    """The sparsest split of one game (2^n,), as `interior.sparsest` finds it.

    Unknowns are the positive and negative parts of the effects, v_and, and the error; the rows say that the
    effects are transforms of v_and and of v_or = v - error - v_and. So the matrix has 3^n entries, where one
    of atoms has 4^n.
    """
    from scipy import sparse
    from scipy.optimize import linprog

    size = v.size
    and_rows = _moebius_matrix(size.bit_length() - 1)
    or_rows = and_rows[1:, ::-1]  # minus the OR effects of a vector of scores, the empty set's left out
    effects = sparse.identity(2 * size - 1, format="csr")
    scores = sparse.block_array([[and_rows, None], [or_rows, or_rows]], format="csr")
    first = sparse.csr_array(([1.0, 1.0], ([0, 0], [0, size])), shape=(1, 2 * size))  # v_or(empty) = 0
    found = linprog(
        np.concatenate([np.ones(4 * size - 2), np.zeros(2 * size)]),
        A_eq=sparse.block_array([[effects, -effects, -scores], [None, None, first]], format="csr"),
        b_eq=np.concatenate([np.zeros(size), -(or_rows @ v), v[:1]]),
        bounds=[(0, None)] * (4 * size - 2) + [(None, None)] * size + [(-kappa, kappa)] * size,
        method="highs",
    )
    error = found.x[-size:]
    or_ = np.append(0.0, (found.x[: 2 * size - 1] - found.x[2 * size - 1 : 4 * size - 2])[size:])
    or_ *= atoms.used(size.bit_length() - 1)[1]  # single players count as AND
    return Split(np.stack([moebius(v - error - or_reconstruct(or_)), or_]), error, float(found.fun))


def _moebius_matrix(n: int) -> Any:
    from scipy import sparse

    one = sparse.csr_array([[1.0, 0.0], [-1.0, 1.0]])
    return reduce(
        lambda matrix, _: sparse.kron(one, matrix, format="csr"), range(n), sparse.csr_array([[1.0]])
    )
