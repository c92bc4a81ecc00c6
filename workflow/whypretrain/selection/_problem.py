"""An unbalanced transport problem as the solver sees it: two sides, of which one is eliminated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from whypretrain.errors import InputError
from whypretrain.selection._anneal import Marginal, anneal
from whypretrain.selection._checks import check_mass, check_one_of, check_positive, check_weights
from whypretrain.selection._kernel import Kernel, Point
from whypretrain.selection._newton import Certificate

Reference = Literal["ones", "product"]
SOURCE, TARGET = 0, 1


@dataclass(frozen=True)
class Problem:
    """Masses and weights of the (source, target) marginals, smoothing, and when to stop."""

    mass: tuple[np.ndarray, np.ndarray]
    tau: tuple[float, float]
    epsilon: float
    reference: Reference
    tolerance: float
    max_iterations: int

    def support(self, side: int) -> np.ndarray:
        """The entries that can carry mass, as a mask."""
        free = self.tau[side] == 0 and self.reference == "ones"
        return np.ones(self.mass[side].size, dtype=bool) if free else self.mass[side] > 0

    def log_reference(self, side: int) -> np.ndarray:
        """The logarithm of this side's factor of the reference, on its support."""
        mass = self.mass[side][self.support(side)]
        return np.log(mass) if self.reference == "product" else np.zeros(mass.size)

    def marginal(self, side: int) -> Marginal:
        mass, tau = self.mass[side][self.support(side)], self.tau[side]
        return Marginal(np.log(mass) if tau > 0 else np.zeros(mass.size), tau)

    def solve(
        self, kernel_at: Callable[[float], Kernel], eliminated: int, *, cost_mean: float, cost_spread: float
    ) -> dict[str, Any]:
        """Solve with one side eliminated; returns the fields of a `Transport`."""
        point, certificate = anneal(
            kernel_at,
            self.marginal(1 - eliminated),
            self.marginal(eliminated),
            epsilon=self.epsilon,
            cost_mean=cost_mean,
            cost_spread=cost_spread,
            tolerance=self.tolerance,
            max_iterations=self.max_iterations,
        )
        return self._fields(point, certificate, eliminated)

    def _fields(self, point: Point, certificate: Certificate, eliminated: int) -> dict[str, Any]:
        masses, potentials = (point.kept_mass, point.eliminated_mass), (point.kept, point.eliminated)
        order = (1, 0) if eliminated == SOURCE else (0, 1)
        rows, columns = (self._spread(side, masses[order[side]], 0.0) for side in (SOURCE, TARGET))
        f, g = (self._spread(side, self.epsilon * potentials[order[side]], -np.inf) for side in (SOURCE, TARGET))
        energy = self.epsilon * float(rows.sum())
        dual = self._dual_value(f, SOURCE) + self._dual_value(g, TARGET) + self._reference_mass() - energy
        return {
            "row_mass": rows,
            "column_mass": columns,
            "source_potential": f,
            "target_potential": g,
            "iterations": certificate.iterations,
            "duality_gap": certificate.gap * energy,
            "relative_gap": certificate.gap,
            "residual": certificate.residual,
            "primal": dual + certificate.gap * energy,
            "dual": dual,
        }

    def _spread(self, side: int, values: np.ndarray, empty: float) -> np.ndarray:
        support = self.support(side)
        found = np.full(support.size, empty)
        found[support] = values
        return found

    def _reference_mass(self) -> float:
        """epsilon times the mass of the reference, the constant of the dual."""
        if self.reference == "product":
            return self.epsilon * float(self.mass[SOURCE].sum() * self.mass[TARGET].sum())
        return self.epsilon * self.mass[SOURCE].size * self.mass[TARGET].size

    def _dual_value(self, potential: np.ndarray, side: int) -> float:
        """-tau sum a (exp(-f / tau) - 1), and its limits at tau zero and infinity."""
        mass, tau = self.mass[side], self.tau[side]
        if tau == 0:
            return 0.0
        mass, potential = mass[mass > 0], potential[mass > 0]
        return float(mass @ potential) if np.isinf(tau) else float(-tau * (mass @ np.expm1(-potential / tau)))


def problem(
    sizes: tuple[int, int],
    masses: tuple[np.ndarray | None, np.ndarray | None],
    tau: tuple[float, float],
    *,
    epsilon: float,
    reference: Reference,
    tolerance: float,
    max_iterations: int,
) -> Problem:
    """Check the settings of a problem.

    Raises:
        InputError: naming the first bad value, or two exact marginals of different total mass.
    """
    check_positive(epsilon=epsilon, tolerance=tolerance, max_iterations=max_iterations)
    check_weights(tau_source=tau[SOURCE], tau_target=tau[TARGET])
    check_one_of("reference", reference, ("ones", "product"))
    source, target = check_mass(masses[0], sizes[0], "source"), check_mass(masses[1], sizes[1], "target")
    if np.isinf(tau).all() and not np.isclose(source.sum(), target.sum(), rtol=1e-12):
        raise InputError(
            f"both marginals are exact but their masses are {source.sum():g} and {target.sum():g}: "
            "scale one, or make a tau finite"
        )
    return Problem((source, target), tau, epsilon, reference, tolerance, max_iterations)
