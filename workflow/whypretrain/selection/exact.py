"""Exact transport, balanced or partial: a small linear program that grows until no pair would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from whypretrain.errors import InputError
from whypretrain.selection._newton import Certificate
from whypretrain.selection.transport import unbalanced_ot

_NEIGHBOURS = 5  # partial transport: nearest partners of each row and column that the first program holds
_SMOOTHING = 0.003  # balanced transport: epsilon of the plan that proposes first pairs, over the cost's spread
_ROUNDS = 100
_PRECISE = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ExactTransport:
    """An optimal plan (sparse array, (n, m)), its cost, and the proof: no reduced cost below -residual."""

    plan: Any
    cost: float
    certificate: Certificate


def exact_transport(
    cost: np.ndarray, source_mass: np.ndarray, target_mass: np.ndarray, *, mass: float | None = None
) -> ExactTransport:
    """Minimise <C, T> over T >= 0 with T 1 = a, T' 1 = b; with `mass`: T 1 <= a, T' 1 <= b, total `mass`.

    Solves the program on few pairs (likely ones, and the north-west corner plan, which makes it feasible),
    prices all pairs with the dual variables, adds those that would lower the cost, and ends when there are
    none.

    Raises:
        InputError: if the total masses differ (balanced) or are less than `mass` (partial).
    """
    totals = float(source_mass.sum()), float(target_mass.sum())
    if mass is None and not np.isclose(*totals, rtol=1e-9):
        raise InputError(f"transport of masses {totals[0]:g} and {totals[1]:g}: scale them to one total")
    if mass is not None and not 0 < mass <= min(totals) * (1 + 1e-12):
        raise InputError(f"partial transport of mass {mass:g}: choose between 0 and {min(totals):g}")
    if mass is None:
        target_mass = target_mass * (totals[0] / totals[1])
    scale, size = float(np.abs(cost).max()) or 1.0, totals[0] / len(source_mass)
    units = _Units(cost / scale, source_mass / size, target_mass / size, None if mass is None else mass / size)
    pairs, values, certificate = _generate(units)
    rows, columns = np.divmod(pairs, cost.shape[1])
    plan = csr_array((values * size, (rows, columns)), shape=cost.shape)
    return ExactTransport(plan, float(plan.data @ cost[rows, columns]), certificate)


@dataclass(frozen=True)
class _Units:
    """A problem scaled to a largest cost of 1 and a mean source mass of 1, as solver tolerances expect."""

    cost: np.ndarray
    source_mass: np.ndarray
    target_mass: np.ndarray
    mass: float | None


def _generate(problem: _Units) -> tuple[np.ndarray, np.ndarray, Certificate]:
    """Column generation: the pairs in use as flat indices, their values, and the certificate."""
    pairs = np.union1d(_near_pairs(problem.cost) if problem.mass else _likely_pairs(problem), _corner(problem))
    for rounds in range(1, _ROUNDS + 1):
        values, duals = _program(problem, pairs)
        reduced = problem.cost - duals
        worst = max(0.0, float(-reduced.min()))
        if worst <= _TOLERANCE:
            used = values > 0
            return pairs[used], values[used], Certificate(rounds, worst, worst)
        pairs = np.union1d(pairs, _violated(reduced))
    raise InputError(f"no optimal plan within {_ROUNDS} rounds of the linear program: perturb equal costs")


def _likely_pairs(problem: _Units) -> np.ndarray:
    """Pairs that carry mass in a nearly exact entropic plan: most of the balanced optimum is among them."""
    plan = unbalanced_ot(
        problem.cost,
        problem.source_mass,
        problem.target_mass,
        epsilon=_SMOOTHING * (float(np.ptp(problem.cost)) or 1.0),
        tau_source=np.inf,
        tau_target=np.inf,
        tolerance=1e-3,
    ).plan()
    return np.flatnonzero(plan > 1e-3 * np.minimum(problem.source_mass[:, None], problem.target_mass))


def _near_pairs(cost: np.ndarray) -> np.ndarray:
    """The nearest partners of each row and column."""
    n, m = cost.shape
    by_row = np.argpartition(cost, min(_NEIGHBOURS, m) - 1, axis=1)[:, :_NEIGHBOURS]
    by_column = np.argpartition(cost, min(_NEIGHBOURS, n) - 1, axis=0)[:_NEIGHBOURS]
    return np.union1d(np.arange(n)[:, None] * m + by_row, by_column * m + np.arange(m))


def _corner(problem: _Units) -> np.ndarray:
    """The north-west corner plan fills rows and columns in order: where cumulated masses interleave."""
    rows, columns = (np.cumsum(mass) / mass.sum() for mass in (problem.source_mass, problem.target_mass))
    cuts = np.union1d(rows, columns)
    i = np.minimum(np.searchsorted(rows, cuts), len(rows) - 1)
    j = np.minimum(np.searchsorted(columns, cuts), len(columns) - 1)
    m = len(columns)
    return np.unique(np.concatenate([i * m + j, i[1:] * m + j[:-1], i[:-1] * m + j[1:]]))


def _violated(reduced: np.ndarray) -> np.ndarray:
    """The pair of each row and of each column that would lower the cost most."""
    n, m = reduced.shape
    found = np.union1d(np.arange(n) * m + reduced.argmin(axis=1), reduced.argmin(axis=0) * m + np.arange(m))
    return found[reduced.ravel()[found] < -_TOLERANCE]


def _program(problem: _Units, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve on some pairs; returns their values and the sum of dual variables of every pair, (n, m)."""
    n, m = problem.cost.shape
    rows, columns = np.divmod(pairs, m)
    ones, position = np.ones(pairs.size), np.arange(pairs.size)
    marginals = csr_array(
        (np.tile(ones, 2), (np.concatenate([rows, n + columns]), np.tile(position, 2))), shape=(n + m, pairs.size)
    )
    masses, costs = np.concatenate([problem.source_mass, problem.target_mass]), problem.cost[rows, columns]
    if problem.mass is None:
        found = linprog(costs, A_eq=marginals, b_eq=masses, options=_PRECISE)
        duals, total = found.eqlin.marginals, 0.0
    else:
        found = linprog(costs, A_ub=marginals, b_ub=masses, A_eq=ones[None], b_eq=[problem.mass], options=_PRECISE)
        duals, total = found.ineqlin.marginals, found.eqlin.marginals[0]
    return found.x, duals[:n, None] + duals[n:] + total
