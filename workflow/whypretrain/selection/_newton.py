"""The solver's loop: Newton steps on the logarithm of the optimality condition, made safe by scaling steps.

Plain scaling repeats x <- phi (log a - log (kernel sum)) and contracts by phi_s phi_t, which is near 1 when epsilon is
small beside tau (Chizat et al., arXiv:1607.05816, theorem 4.1). The same map's Newton equation is symmetric positive
definite after weighting with the masses, so conjugate gradients solve it with one product with the plan a step; its
slowest mode, the translation of all potentials (Sejourne et al., arXiv:2201.00730), costs one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.errors import InputError
from whypretrain.selection._kernel import Kernel, Point, Side, evaluate, smooth


_LEVEL = 2.0  # epsilon is halved from level to level: larger steps cost more Newton steps than they save
_FIRST = 0.02  # the largest first epsilon, in units of the spread of the cost: no continuation is needed above
_ROUGH = 1.0  # tolerance of all levels but the last, in log potential


@dataclass(frozen=True)
class Marginal:
    """One side of the problem: the logarithm of its masses and the weight tau of its penalty."""

    log_mass: np.ndarray
    tau: float

    def at(self, epsilon: float) -> Side:
        return Side(self.log_mass, self.tau / epsilon)


def anneal(
    kernel_at: Callable[[float], Kernel],
    kept: Marginal,
    eliminated: Marginal,
    *,
    epsilon: float,
    cost_mean: float,
    cost_spread: float,
    tolerance: float,
    max_iterations: int,
) -> tuple[Point, Certificate]:
    """Solve at `epsilon`, from solutions at larger ones where it is small beside the spread of the cost.

    Raises:
        InputError: if the certificate is not reached within `max_iterations` passes over the kernel.
    """
    levels = [epsilon]
    while levels[-1] * _LEVEL <= _FIRST * cost_spread:
        levels.append(levels[-1] * _LEVEL)
    budget = Budget(max_iterations)
    potential = levels[-1] * _constant_start(kept.at(levels[-1]), eliminated.at(levels[-1]), cost_mean / levels[-1])
    for level in reversed(levels):
        goal = tolerance if level == epsilon else max(tolerance, _ROUGH)
        newton = Newton(kernel_at(level), kept.at(level), eliminated.at(level), tolerance=goal, budget=budget)
        point, certificate = newton.solve(potential / level)
        potential = level * point.kept
    return point, certificate


def _constant_start(kept: Side, eliminated: Side, cost: float) -> np.ndarray:
    """The kept potential for a constant cost and uniform masses: every exponential near the solution is then in range."""
    size = kept.log_mass.size
    if kept.damping * eliminated.damping in (0, 1):
        return np.zeros(size)
    own = kept.log_mass.mean() - np.log(eliminated.log_mass.size) + cost
    other = eliminated.log_mass.mean() - np.log(size) + cost
    level = kept.damping * (own - eliminated.damping * other) / (1 - kept.damping * eliminated.damping)
    return np.full(size, level)


@dataclass(frozen=True)
class Certificate:
    """How good a solution is.

    `iterations` counts passes over the kernel, the unit of plain scaling too. `gap` is primal minus dual value over
    epsilon times the mass (with an exact kept marginal: the multipliers times the marginal's error). `residual` is the
    largest change of a log potential by one more scaling step.
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
        """Iterate until one more scaling step would change no log potential, nor the objective, by more than tolerance."""
        point = self._evaluate(start)
        while True:
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
        wanted = np.exp(self.kept.log_mass - point.kept / self.kept.weight).sum()
        rate = 1 - self.eliminated.damping
        shift = np.log(wanted / point.kept_mass.sum()) / (rate + 1 / self.kept.weight)
        return Point(
            point.kept + shift,
            point.eliminated - self.eliminated.damping * shift,
            point.kept_mass * np.exp(rate * shift),
            point.eliminated_mass * np.exp(rate * shift),
            point.squeeze * np.exp((rate - 2) * shift),
        )

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
        """A damped Newton step that reduces the residual; fully damped it is a scaling step, which always does."""
        while True:
            found = self._evaluate(point.kept + self._direction(point, residual, norm))
            slowest = (1 - self.contraction) / (1 - self.contraction * (1 - self.damping)) if self.damping else 1.0
            if self.damping == 1 or _size(self._residual(found)) < (1 - 0.5 * slowest) * norm:
                self.damping = self.damping / 10 if self.damping > 1e-6 else 0.0
                return found
            self.damping = min(1.0, max(10 * self.damping, 1e-4))
            point = self._evaluate(point.kept)

    def _direction(self, point: Point, residual: np.ndarray, norm: float) -> np.ndarray:
        """Conjugate gradients on (I - rate S S') z = sqrt(mass) residual; direction = (z + remainder) / sqrt(mass).

        The remainder adds one linear scaling step, which carries the accuracy to rows of little mass.
        """
        rate = self.contraction * (1 - self.damping)
        root = np.sqrt(point.kept_mass)
        remainder = root * residual
        solution, search = np.zeros_like(root), remainder.copy()
        square = remainder @ remainder
        goal = square * max(min(0.1, norm), 0.1 * self.tolerance / norm) ** 2
        for _ in range(2 * root.size + 20):  # exact arithmetic needs root.size steps at most
            if square <= goal or rate == 0:
                break
            self.budget.spend()
            image = search - rate * smooth(self.kernel, point, search)
            length = square / (search @ image)
            solution += length * search
            remainder = remainder - length * image
            previous, square = square, remainder @ remainder
            search = remainder + square / previous * search
        return self._centre((solution + remainder) / root, point)

    def _relative_gap(self, point: Point, residual: np.ndarray) -> float:
        """Primal minus dual value over the plan's entropic energy; the eliminated side closes its share exactly."""
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
