"""Exact transport, balanced or partial, by column generation: small linear programs that grow until none would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from whypretrain.errors import InputError
from whypretrain.selection._newton import Certificate

_NEIGHBOURS = 5  # nearest partners of each row and column that the first program holds
_ROUNDS = 100
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ExactTransport:
    """An optimal plan (SciPy sparse array, of shape (n, m)), its cost, and the proof: no reduced cost below -residual."""

    plan: Any
    cost: float
    certificate: Certificate


def exact_transport(
    cost: np.ndarray, source_mass: np.ndarray, target_mass: np.ndarray, *, mass: float | None = None
) -> ExactTransport:
    """Minimise <C, T> over T >= 0 with T 1 = a and T' 1 = b; with `mass` given, T 1 <= a, T' 1 <= b and total `mass`.

    Solves the program on few pairs (nearest partners, and the north-west corner plan, which makes it feasible), prices
    all pairs with the dual variables, adds those that would lower the cost, and ends when there are none.

    Raises:
        InputError: if the total masses differ (balanced) or are less than `mass` (partial).
    """
    totals = float(source_mass.sum()), float(target_mass.sum())
    if mass is None and not np.isclose(*totals, rtol=1e-9):
        raise InputError(f"balanced transport of masses {totals[0]:g} and {totals[1]:g}: scale them to one total")
    if mass is not None and not 0 < mass <= min(totals) * (1 + 1e-12):
        raise InputError(f"partial transport of mass {mass:g}: choose between 0 and {min(totals):g}")
    active = _first_pairs(cost, source_mass, target_mass)
    scale = float(np.abs(cost).max()) or 1.0
    for rounds in range(1, _ROUNDS + 1):
        values, duals = _program(cost, active, source_mass, target_mass, mass)
        reduced = cost - duals
        worst = float(-reduced.min())
        if worst <= _TOLERANCE * scale:
            return _result(cost, active, values, Certificate(rounds, max(worst, 0.0) / scale, max(worst, 0.0)))
        active = np.union1d(active, _violated(reduced, _TOLERANCE * scale))
    raise InputError(f"no optimal plan within {_ROUNDS} rounds: rescale the cost, whose entries reach {scale:g}")


def _first_pairs(cost: np.ndarray, source_mass: np.ndarray, target_mass: np.ndarray) -> np.ndarray:
    """Flat indices of the pairs in the first program."""
    n, m = cost.shape
    by_row = np.argpartition(cost, min(_NEIGHBOURS, m) - 1, axis=1)[:, :_NEIGHBOURS]
    by_column = np.argpartition(cost, min(_NEIGHBOURS, n) - 1, axis=0)[:_NEIGHBOURS]
    near = np.concatenate([(np.arange(n)[:, None] * m + by_row).ravel(), (by_column * m + np.arange(m)).ravel()])
    return np.union1d(near, _north_west_corner(source_mass, target_mass))


def _north_west_corner(source_mass: np.ndarray, target_mass: np.ndarray) -> np.ndarray:
    """Flat indices of the staircase that fills rows and columns in order: where the two cumulated masses interleave."""
    rows, columns = (np.cumsum(mass) / mass.sum() for mass in (source_mass, target_mass))
    cuts = np.union1d(rows, columns)
    i = np.minimum(np.searchsorted(rows, cuts), len(rows) - 1)
    j = np.minimum(np.searchsorted(columns, cuts), len(columns) - 1)
    steps = np.concatenate([i * len(columns) + j, i[1:] * len(columns) + j[:-1], i[:-1] * len(columns) + j[1:]])
    return np.unique(steps)


def _violated(reduced: np.ndarray, tolerance: float) -> np.ndarray:
    """Flat indices of the most violated pairs of each row and each column."""
    n, m = reduced.shape
    rows = np.arange(n) * m + reduced.argmin(axis=1)
    columns = reduced.argmin(axis=0) * m + np.arange(m)
    found = np.union1d(rows, columns)
    return found[reduced.ravel()[found] < -tolerance]


def _program(
    cost: np.ndarray, active: np.ndarray, source_mass: np.ndarray, target_mass: np.ndarray, mass: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Solve on the active pairs; returns their values and the sum of dual variables of every pair, (n, m)."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    n, m = cost.shape
    i, j = np.divmod(active, m)
    ones, position = np.ones(active.size), np.arange(active.size)
    rows, columns = (csr_array((ones, (k, position)), shape=(size, active.size)) for k, size in ((i, n), (j, m)))
    marginals, masses = vstack([rows, columns]), np.concatenate([source_mass, target_mass])
    if mass is None:
        found = linprog(cost[i, j], A_eq=marginals, b_eq=masses, method="highs")
        duals, total = found.eqlin.marginals, 0.0
    else:
        found = linprog(
            cost[i, j], A_ub=marginals, b_ub=masses, A_eq=csr_array(ones[None]), b_eq=[mass], method="highs"
        )
        duals, total = found.ineqlin.marginals, found.eqlin.marginals[0]
    return found.x, duals[:n, None] + duals[n:] + total


def _result(cost: np.ndarray, active: np.ndarray, values: np.ndarray, certificate: Certificate) -> ExactTransport:
    from scipy.sparse import csr_array

    rows, columns = np.divmod(active, cost.shape[1])
    used = values > 0
    plan = csr_array((values[used], (rows[used], columns[used])), shape=cost.shape)
    return ExactTransport(plan, float(values @ cost[rows, columns]), certificate)
