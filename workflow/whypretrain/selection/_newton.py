"""The solver's loop: Newton steps on the logarithm of the optimality condition, made safe by scaling steps.

Plain scaling repeats x <- phi (log a - log (kernel sum)) and contracts by phi_s phi_t, which is near 1 when
epsilon is small compared with tau (Chizat et al., arXiv:1607.05816). The same map's Newton equation is symmetric
positive definite after weighting with the masses, so conjugate gradients solve it with one pass over the
kernel a step. The slowest mode of scaling, the translation of all potentials, is taken out in closed form
(Sejourne et al., arXiv:2201.00730).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.errors import InputError
from whypretrain.selection._kernel import Kernel, Point, Side, evaluate, smooth


@dataclass(frozen=True)
class Certificate:
    """How good a solution is.

    `iterations` counts passes over the kernel, the unit of plain scaling too. `gap` is primal minus dual
    value over epsilon times the mass (with two exact marginals: the multipliers times the marginal's error,
    over their scale). `residual` is the largest change of a log potential by one more scaling step. For exact
    transport they are rounds, the worst violation of dual feasibility over the largest cost, and that
    violation.
    """

    iterations: int
    gap: float
    residual: float


@dataclass
class Budget:
    """Passes over the kernel, counted; too many are an error, never a silent end."""

    limit: int
    spent: int = 0

    def spend(self) -> None:
        self.spent += 1
        if self.spent > self.limit:
            raise InputError(
                f"no certificate within {self.limit} iterations: raise epsilon, max_iterations or tolerance, "
                "or lower tau"
            )


class Newton:
    """Solve for the kept potential of an entropic unbalanced transport problem."""

    def __init__(self, kernel: Kernel, kept: Side, eliminated: Side, *, tolerance: float, budget: Budget) -> None:
        self.kernel, self.kept, self.eliminated = kernel, kept, eliminated
        self.tolerance, self.budget = tolerance, budget
        self.damping = 0.0
        self.contraction = kept.damping * eliminated.damping

    def solve(self, start: np.ndarray) -> tuple[Point, Certificate]:
        """Iterate until the relative gap and the change by one more scaling step are within tolerance."""
        with np.errstate(over="ignore", invalid="ignore"):  # a wild trial step overflows, and is rejected
            return self._solve(self._evaluate(start))

    def _solve(self, point: Point) -> tuple[Point, Certificate]:
        while True:
            if not np.isfinite(point.kept_mass.sum()):
                raise InputError("the plan's mass exceeds all numbers: raise epsilon, tau or the costs")
            residual = self._residual(point)
            norm, gap = _size(residual), self._relative_gap(point, residual)
            if norm <= self.tolerance and gap <= self.tolerance:
                return point, Certificate(self.budget.spent, gap, norm)
            point = self._step(point, residual, norm)

    def _evaluate(self, kept: np.ndarray) -> Point:
        self.budget.spend()
        return self._translate(evaluate(self.kernel, kept, self.eliminated))

    def _translate(self, point: Point) -> Point:
        """The best common shift of the kept potential, in closed form: it balances the two total masses."""
        if self.contraction in (0, 1):
            return point
        wanted = self.kept.log_mass - point.kept / self.kept.weight
        log_wanted = wanted.max() + np.log(np.exp(wanted - wanted.max()).sum())
        rate = 1 - self.eliminated.damping + 1 / self.kept.weight
        return point.shifted((log_wanted - np.log(point.kept_mass.sum())) / rate, self.eliminated.damping)

    def _residual(self, point: Point) -> np.ndarray:
        """What one scaling step would add to the kept potential."""
        if self.kept.weight == 0:
            return -point.kept
        log_ratio = self.kept.log_mass - np.log(point.kept_mass)
        if np.isinf(self.kept.weight):
            found = log_ratio
        else:
            found = self.kept.damping * (log_ratio - point.kept / self.kept.weight)
        return self._centre(found, point)

    def _centre(self, vector: np.ndarray, point: Point) -> np.ndarray:
        """With both marginals exact the potentials have a free constant: take it out."""
        return vector - np.average(vector, weights=point.kept_mass) if self.contraction == 1 else vector

    def _step(self, point: Point, residual: np.ndarray, norm: float) -> Point:
        """A damped Newton step that reduces the residual; fully damped it is a scaling step."""
        while True:
            found = self._evaluate(point.kept + self._direction(point, residual, norm))
            if self.damping == 1 or _size(self._residual(found)) < (1 - 0.5 * self._promise()) * norm:
                self.damping = self.damping / 10 if self.damping > 1e-6 else 0.0
                return found
            self.damping = min(1.0, max(10 * self.damping, 1e-4))

    def _promise(self) -> float:
        """The share of the residual that a damped step removes of its slowest mode, to first order."""
        slow = 1 - self.contraction
        return slow / (slow + self.contraction * self.damping) if self.damping else 1.0

    def _direction(self, point: Point, residual: np.ndarray, norm: float) -> np.ndarray:
        """Solve (I - rate S S') z = sqrt(mass) residual roughly; the step is (z + remainder) / sqrt(mass).

        Adding the remainder is one more linear scaling step, which carries the accuracy to rows of little
        mass.
        """
        rate = self.contraction * (1 - self.damping)
        root = np.sqrt(point.kept_mass)
        accuracy = max(min(0.1, norm), 0.1 * self.tolerance / norm)

        def image(vector: np.ndarray) -> np.ndarray:
            self.budget.spend()
            return vector - rate * smooth(self.kernel, point, vector)

        solution, remainder = _conjugate_gradients(image, root * residual, accuracy)
        return self._centre((solution + remainder) / root, point)

    def _relative_gap(self, point: Point, residual: np.ndarray) -> float:
        """Primal minus dual value over epsilon times the mass; the eliminated side adds nothing to it."""
        weight, mass = self.kept.weight, point.kept_mass
        if weight == 0:
            return 0.0
        if np.isinf(weight):
            size = np.abs(point.kept)
            return float(size @ np.abs(mass - np.exp(self.kept.log_mass)) / (mass.sum() + size @ mass))
        log_ratio = residual / self.kept.damping
        return weight * float(mass @ np.maximum(np.expm1(log_ratio) - log_ratio, 0) / mass.sum())


def _size(residual: np.ndarray) -> float:
    return float(np.abs(residual).max())


def _conjugate_gradients(
    image: Callable[[np.ndarray], np.ndarray], wanted: np.ndarray, accuracy: float
) -> tuple[np.ndarray, np.ndarray]:
    """Solve image(z) = wanted for a positive definite image; returns z and what remains of `wanted`."""
    solution, remainder, search = np.zeros_like(wanted), wanted, wanted
    square = wanted @ wanted
    goal = square * accuracy**2
    for _ in range(2 * wanted.size + 20):  # exact arithmetic needs wanted.size at most
        if square <= goal:
            break
        mapped = image(search)
        curvature = search @ mapped
        if curvature <= 0:  # by rounding, where the plan falls into parts that hardly touch
            break
        length = square / curvature
        solution, remainder = solution + length * search, remainder - length * mapped
        previous, square = square, remainder @ remainder
        search = remainder + square / previous * search
    return solution, remainder
