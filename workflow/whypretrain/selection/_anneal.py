"""Solving at a small epsilon from solutions at larger ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.selection._kernel import Kernel, Point, Side
from whypretrain.selection._newton import Budget, Certificate, Newton

_LEVEL = 2.0  # epsilon is halved from level to level: larger steps cost more Newton steps than they save
_FIRST = 0.02  # from here on, in units of the spread of the cost, epsilon is small
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
    """Solve at `epsilon`, from solutions at larger ones where it is small compared with the spread of the cost.

    The tolerance is met up to the rounding of cost / epsilon.

    Raises:
        InputError: if the certificate is not reached within `max_iterations` passes over the kernel.
    """
    levels = [epsilon]
    while levels[-1] * _LEVEL <= _FIRST * cost_spread:
        levels.append(levels[-1] * _LEVEL)
    budget, rounding = Budget(max_iterations), 8 * np.finfo(np.float64).eps * cost_spread / epsilon
    potential = levels[-1] * _constant_start(kept.at(levels[-1]), eliminated.at(levels[-1]), cost_mean / levels[-1])
    for level in reversed(levels):
        goal = max(tolerance, rounding if level == epsilon else _ROUGH)
        newton = Newton(kernel_at(level), kept.at(level), eliminated.at(level), tolerance=goal, budget=budget)
        point, certificate = newton.solve(potential / level)
        potential = level * point.kept
    return point, certificate


def _constant_start(kept: Side, eliminated: Side, cost: float) -> np.ndarray:
    """The kept potential for constant cost and uniform masses, which brings every exponential into range."""
    size = kept.log_mass.size
    if kept.damping * eliminated.damping in (0, 1):
        return np.zeros(size)
    own = kept.log_mass.mean() - np.log(eliminated.log_mass.size) + cost
    other = eliminated.log_mass.mean() - np.log(size) + cost
    level = kept.damping * (own - eliminated.damping * other) / (1 - kept.damping * eliminated.damping)
    return np.full(size, level)
