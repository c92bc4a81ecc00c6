"""Interior-point method for the sparsest AND-OR split of one game: optimal to 1e-7 in 10 to 30 Newton steps.

Predictor-corrector steps after Mehrotra (SIAM J. Optim. 2, 1992) for

    min sum |effects|   subject to   compose(effects) + compose_error(d) = target,  |d| <= kappa.

Each step factors one matrix of 2^n rows (`atoms.gram`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.interactions.and_or import atoms

_TO_THE_BOUNDARY = 0.9995
_STEPS = 100


@dataclass(frozen=True)
class Split:
    """Effects (2, 2^n) and an error (2^n,) that add up to the game exactly, and a lower bound of all such sums."""

    effects: np.ndarray
    error: np.ndarray
    bound: float

    @property
    def l1(self) -> float:
        """Sum of all |effects|."""
        return float(np.abs(self.effects).sum())

    def better(self, other: Split) -> Split:
        """The sparser effects with the larger bound: either stays valid with the other."""
        sparser = min(self, other, key=lambda split: split.l1)
        return Split(sparser.effects, sparser.error, max(self.bound, other.bound))


def sparsest(target: np.ndarray, kappa: float, *, tolerance: float) -> Split:
    """The sparsest split of one game, given its signed Moebius coefficients (2^n,).

    Stops when sum |effects| exceeds the bound by at most `tolerance` of itself, or when rounding allows no
    better.
    """
    path = _Path(target, kappa)
    best = path.split()
    for _ in range(_STEPS):
        if best.l1 - best.bound <= tolerance * best.l1 or not path.step():
            break
        best = best.better(path.split())
    return best


@dataclass(frozen=True)
class _Pairs:
    """Constraints t <= c and -t <= c on each entry of a vector t: slacks and positive multipliers, (2, K).

    For the effects, t is the correlation of an atom with the dual vector, c = 1, and the multipliers are the
    effect's positive and negative part. For the error, t is d itself, c = kappa, and the multipliers are
    those of its bounds.
    """

    slacks: np.ndarray
    multipliers: np.ndarray

    def products(self) -> np.ndarray:
        return self.slacks * self.multipliers

    def difference(self) -> np.ndarray:
        return self.multipliers[0] - self.multipliers[1]

    def stiffness(self) -> np.ndarray:
        """Change of the difference with t, the products held."""
        return (self.multipliers / self.slacks).sum(axis=0)

    def offset(self, targets: np.ndarray) -> np.ndarray:
        """Change of the difference where t is held and the products change by `targets`."""
        return targets[0] / self.slacks[0] - targets[1] / self.slacks[1]

    def direction(self, targets: np.ndarray, change: np.ndarray) -> _Pairs:
        """Newton changes of slacks and multipliers for a change of t."""
        slacks = np.stack([-change, change])
        return _Pairs(slacks, (targets - self.multipliers * slacks) / self.slacks)

    def longest_step(self, by: _Pairs) -> float:
        """The length of step at which a slack or a multiplier reaches zero."""
        falls = np.append(-by.slacks / self.slacks, -by.multipliers / self.multipliers)
        return 1.0 / max(float(falls.max(initial=0.0)), 1e-12)

    def moved(self, by: _Pairs, length: float) -> _Pairs:
        return _Pairs(self.slacks + length * by.slacks, self.multipliers + length * by.multipliers)


@dataclass(frozen=True)
class _Step:
    dual: np.ndarray
    error: np.ndarray
    effects: _Pairs
    bounds: _Pairs


class _Path:
    """The iterate: dual vector, effects as differences of multipliers, error between its bounds."""

    def __init__(self, target: np.ndarray, kappa: float) -> None:
        self.target, self.kappa = target, kappa
        self.n = target.size.bit_length() - 1
        self.used = atoms.used(self.n) > 0
        self.dual, self.error = np.zeros_like(target), np.zeros_like(target)
        solve = solver(atoms.gram(self.used.astype(float), np.ones_like(target)))
        start = atoms.correlate(solve(target))[self.used]  # about the least squares, as good a start as any
        parts = np.maximum([start, -start], 0.0) + 0.1 * np.abs(start).max() + 1e-3
        self.effects = _Pairs(np.ones_like(parts), parts)
        shape = (2, target.size if kappa > 0 else 0)
        self.bounds = _Pairs(np.full(shape, kappa), np.ones(shape))

    def split(self) -> Split:
        """The iterate made feasible: AND effects take what is missing, the dual vector is shrunk to its bounds."""
        effects = self._expand(self.effects.difference())
        effects[0] += atoms.signs(self.n) * self._missing()
        value = self.target @ self.dual - self.kappa * np.abs(atoms.correlate_error(self.dual)).sum()
        return Split(effects, self.error, float(value / max(1.0, np.abs(atoms.correlate(self.dual)).max())))

    def step(self) -> bool:
        """One predictor-corrector step; False where rounding leaves no further one."""
        with np.errstate(all="ignore"):
            give = 1.0 / self.bounds.stiffness()  # change of the error with its force
            matrix = atoms.gram(self._expand(self.effects.stiffness()), give if self.kappa > 0 else None)
            if not np.isfinite(matrix).all():
                return False
            solve = solver(matrix)
            now = [self.effects.products(), self.bounds.products()]
            trial = self._newton(solve, give, [-products for products in now])
            length = self._length(trial)
            pairs = [(self.effects, trial.effects), (self.bounds, trial.bounds)]
            ahead = [pair.moved(by, length).products() for pair, by in pairs]
            gap, gap_ahead = (sum(products.sum() for products in each) for each in (now, ahead))
            centre = gap / sum(products.size for products in now) * (gap_ahead / gap) ** 3
            targets = [centre - products - by.products() for products, (_, by) in zip(now, pairs, strict=True)]
            return self._advance(self._newton(solve, give, targets))

    def _newton(self, solve: Callable[[np.ndarray], np.ndarray], give: np.ndarray, targets: list[np.ndarray]) -> _Step:
        """Changes that bring the game, and the products of slacks and multipliers, to their targets."""
        drift = self._expand(self.effects.offset(targets[0]))
        slip = -give * self.bounds.offset(targets[1])
        dual = solve(self._missing() - atoms.compose(drift) - self._compose_error(slip))
        correlations = atoms.correlate(dual)[self.used]
        error = give * atoms.correlate_error(dual) + slip if self.kappa > 0 else slip
        return _Step(
            dual, error, self.effects.direction(targets[0], correlations), self.bounds.direction(targets[1], error)
        )

    def _advance(self, step: _Step) -> bool:
        length = self._length(step)
        if not np.isfinite(step.dual).all() or length < 1e-8:
            return False
        self.dual = self.dual + length * step.dual
        if self.kappa > 0:
            self.error = self.error + length * step.error
        self.effects = self.effects.moved(step.effects, length)
        self.bounds = self.bounds.moved(step.bounds, length)
        return True

    def _length(self, step: _Step) -> float:
        free = min(self.effects.longest_step(step.effects), self.bounds.longest_step(step.bounds))
        return min(1.0, _TO_THE_BOUNDARY * free)

    def _missing(self) -> np.ndarray:
        """What effects and error still lack of the game."""
        return self.target - atoms.compose(self._expand(self.effects.difference())) - self._compose_error(self.error)

    def _compose_error(self, error: np.ndarray) -> np.ndarray:
        return atoms.compose_error(error) if self.kappa > 0 else np.zeros_like(self.target)

    def _expand(self, values: np.ndarray) -> np.ndarray:
        full = np.zeros(self.used.shape)
        full[self.used] = values
        return full


def solver(matrix: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Solve with a positive definite matrix; if rounding made it indefinite, its diagonal is raised a little."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    raised = 1e-15
    while True:
        try:
            factor = cho_factor(matrix, check_finite=False)
        except LinAlgError:
            raised *= 100
            matrix.flat[:: len(matrix) + 1] *= 1 + raised
        else:
            return lambda right: cho_solve(factor, right, check_finite=False)
