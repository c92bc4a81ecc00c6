"""Entropic unbalanced optimal transport between two weighted sets, with a certificate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from whypretrain.selection._checks import check_cost
from whypretrain.selection._kernel import DenseKernel
from whypretrain.selection._problem import SOURCE, TARGET, Problem, Reference, problem


@dataclass(frozen=True)
class Transport:
    """Solution of an unbalanced transport problem; potentials and values are in the units of the cost.

    Entries that can carry no mass have potential -inf. `iterations` counts passes over the kernel, the unit
    of plain scaling too. `duality_gap` is primal minus dual value, `relative_gap` the same over epsilon times
    the plan's mass, `residual` the largest change of a potential by one more scaling step, over epsilon.
    Where both marginals are exact, no plan before the limit is feasible: the gap is then |potential| .
    |marginal error|, its relative form over the scale of the potentials.
    """

    row_mass: np.ndarray  # (n,)
    column_mass: np.ndarray  # (m,)
    source_potential: np.ndarray  # (n,)
    target_potential: np.ndarray  # (m,)
    iterations: int
    duality_gap: float
    relative_gap: float
    residual: float
    primal: float
    dual: float


@dataclass(frozen=True)
class DenseTransport(Transport):
    """A solution that keeps its cost, and so can write out the plan."""

    cost: np.ndarray = field(repr=False)  # (n, m)
    problem: Problem = field(repr=False)

    def plan(self) -> np.ndarray:
        """T_ij = reference_ij exp((f_i + g_j - C_ij) / epsilon), of shape (n, m)."""
        rows, columns = (self._log_scaling(side) for side in (SOURCE, TARGET))
        logits = self.cost * (-1 / self.problem.epsilon)
        logits += rows[:, None]
        logits += columns
        return np.exp(logits, out=logits)

    def _log_scaling(self, side: int) -> np.ndarray:
        potential = self.source_potential if side == SOURCE else self.target_potential
        found = potential / self.problem.epsilon
        found[self.problem.support(side)] += self.problem.log_reference(side)
        return found


def unbalanced_ot(
    cost: np.ndarray,
    source_mass: np.ndarray | None = None,
    target_mass: np.ndarray | None = None,
    *,
    epsilon: float,
    tau_source: float,
    tau_target: float,
    reference: Reference = "ones",
    tolerance: float = 1e-11,
    max_iterations: int = 100_000,
) -> DenseTransport:
    """Minimise, over plans T >= 0 of shape (n, m),

        <C, T> + epsilon KL(T | reference) + tau_source KL(T 1 | a) + tau_target KL(T' 1 | b),

    with KL(x | y) = sum x log(x / y) - x + y. The row mass of the solution is a_i exp(-f_i / tau_source).

    Args:
        cost: C, of shape (n, m), finite, of any sign.
        source_mass: a, of shape (n,), not negative; ones where not given.
        target_mass: b, of shape (m,), not negative; ones where not given.
        epsilon: entropic smoothing, > 0, in the units of the cost.
        tau_source: weight of the source marginal in the units of the cost; 0 leaves it free, infinity is
            exact.
        tau_target: weight of the target marginal, likewise.
        reference: `ones` (plain entropy) or `product` (a b').
        tolerance: the relative gap and the residual below which a solution is returned (rounding permitting).
        max_iterations: passes over the kernel after which the solver gives up, with an error.

    Raises:
        InputError: for broken input, and where the certificate is not reached: what returns is a solution.

    Source: Chizat et al., Scaling algorithms for unbalanced transport problems, arXiv:1607.05816, section 3.

    >>> unbalanced_ot(np.zeros((1, 1)), epsilon=1.0, tau_source=1.0, tau_target=1.0).plan()
    array([[1.]])
    """
    cost = check_cost(cost)
    checked = problem(
        (cost.shape[0], cost.shape[1]),
        (source_mass, target_mass),
        (tau_source, tau_target),
        epsilon=epsilon,
        reference=reference,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    rows, columns = checked.support(SOURCE), checked.support(TARGET)
    inner = cost if rows.all() and columns.all() else cost[np.ix_(rows, columns)]
    eliminated = _better_eliminated(checked)
    oriented = inner if eliminated == SOURCE else inner.T
    logs = checked.log_reference(eliminated), checked.log_reference(1 - eliminated)
    fields = checked.solve(
        lambda level: DenseKernel(oriented, level, *logs),
        eliminated,
        cost_mean=float(inner.mean()),
        cost_spread=float(np.ptp(inner)),
    )
    return DenseTransport(**fields, cost=cost, problem=checked)


def _better_eliminated(checked: Problem) -> int:
    """The longer side; but an exact marginal rather than one of finite tau, whose gap can be measured."""
    exact = np.isinf(checked.tau)
    if exact[SOURCE] != exact[TARGET]:
        return SOURCE if exact[SOURCE] else TARGET
    return SOURCE if checked.mass[SOURCE].size >= checked.mass[TARGET].size else TARGET
