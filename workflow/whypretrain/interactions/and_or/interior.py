"""Interior-point method for the sparsest AND-OR split of one game: optimal to 1e-7 in 5 to 20 Newton steps.

Predictor-corrector steps after Mehrotra (SIAM J. Optim. 2, 1992) for

    min sum |effects|   subject to   compose(effects) + compose_error(d) = target,  |d| <= kappa.

Each step factors one matrix of 2^n rows (`atoms.gram`), and uses it for several correctors (Gondzio, Comput. Optim.
Appl. 6, 1996). A first-order solution to a gap of 1e-3 as the start saves about half of the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.interactions.and_or import atoms

Solve = Callable[[np.ndarray], np.ndarray]

_TO_THE_BOUNDARY = 0.9995
_STEPS = 100
_CORRECTORS = 2  # beyond Mehrotra's, at a thirtieth of the cost of a step at n = 12
_LONGER, _GAIN = 0.1, 1.01  # what a corrector aims at in length, and the least that another one is tried for
_CENTRAL = 10.0  # factor around the centre within which products are left alone
_NEAREST = 0.05  # least slack to start from


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


def sparsest(
    target: np.ndarray, kappa: float, *, tolerance: float, start: tuple[np.ndarray, np.ndarray] | None = None
) -> Split:
    """The sparsest split of one game, given its signed Moebius coefficients (2^n,).

    `start`: effects (2, 2^n) and a feasible dual vector (2^n,), such as those of `admm`; only where kappa is 0.

    Stops when sum |effects| exceeds the bound by at most `tolerance` of itself, or when rounding allows no
    better.
    """
    path = _Path(target, kappa, start)
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

    def direction(self, targets: np.ndarray, change: np.ndarray, error: np.ndarray | float = 0.0) -> _Pairs:
        """Newton changes of slacks and multipliers for a change of t; `error`: what the slacks lack of c -+ t."""
        slacks = np.stack([-change, change]) + error
        return _Pairs(slacks, (targets - self.multipliers * slacks) / self.slacks)

    def moved(self, by: _Pairs, slacks: float, multipliers: float) -> _Pairs:
        return _Pairs(self.slacks + slacks * by.slacks, self.multipliers + multipliers * by.multipliers)


def _longest(*moves: tuple[np.ndarray, np.ndarray]) -> float:
    """The length of step, at most 1, that keeps values positive, given pairs of them and of their changes."""
    fall = max(float((-change / value).max(initial=0.0)) for value, change in moves)
    return min(1.0, _TO_THE_BOUNDARY / max(fall, 1e-12))


@dataclass(frozen=True)
class _Step:
    dual: np.ndarray
    error: np.ndarray
    effects: _Pairs
    bounds: _Pairs


class _Path:
    """The iterate: dual vector, effects as differences of multipliers, error between its bounds."""

    def __init__(self, target: np.ndarray, kappa: float, start: tuple[np.ndarray, np.ndarray] | None) -> None:
        self.target, self.kappa = target, kappa
        self.n = target.size.bit_length() - 1
        self.used = atoms.used(self.n) > 0
        self.error = np.zeros_like(target)
        if start is None:  # about the least squares
            solve = solver(atoms.gram(self.used.astype(float), np.ones_like(target)))
            start = atoms.correlate(solve(target)), np.zeros_like(target)
        effects, self.dual = start[0][self.used], start[1]
        slacks = np.maximum(self._beyond(), _NEAREST)
        level = (np.abs(effects).sum() - target @ self.dual) / effects.size + 1e-3 * np.abs(effects).mean()
        self.effects = _Pairs(slacks, np.maximum([effects, -effects], 0.0) + level / slacks)
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
            step = self._newton(solve, give, [-products for products in now])
            ahead = [pairs.products() for pairs in self._moved(step, *self._lengths(step))]
            gap, gap_ahead = (sum(products.sum() for products in each) for each in (now, ahead))
            centre = gap / sum(products.size for products in now) * (gap_ahead / gap) ** 3
            second = (step.effects.products(), step.bounds.products())
            targets = [centre - products - more for products, more in zip(now, second, strict=True)]
            return self._advance(self._corrected(self._newton(solve, give, targets), solve, give, targets, centre))

    def _corrected(
        self, step: _Step, solve: Solve, give: np.ndarray, targets: list[np.ndarray], centre: float
    ) -> _Step:
        """The step with what products would be far from the centre, were it longer, taken back."""
        for _ in range(_CORRECTORS):
            lengths = self._lengths(step)
            longer = [min(1.0, length + _LONGER * (1 + length)) for length in lengths]
            ahead = [pairs.products() for pairs in self._moved(step, *longer)]
            aims = [np.clip(products, centre / _CENTRAL, centre * _CENTRAL) - products for products in ahead]
            targets = [old + np.maximum(aim, -centre * _CENTRAL) for old, aim in zip(targets, aims, strict=True)]
            other = self._newton(solve, give, targets)
            if not sum(self._lengths(other)) > _GAIN * sum(lengths):
                break
            step = other
        return step

    def _newton(self, solve: Solve, give: np.ndarray, targets: list[np.ndarray]) -> _Step:
        """Changes that bring the game, the slacks, and the products of slacks and multipliers, to their targets."""
        lacking = self._beyond() - self.effects.slacks
        drift = self._expand(self.effects.offset(targets[0] - self.effects.multipliers * lacking))
        slip = -give * self.bounds.offset(targets[1])
        dual = solve(self._missing() - atoms.compose(drift) - self._compose_error(slip))
        correlations = atoms.correlate(dual)[self.used]
        error = give * atoms.correlate_error(dual) + slip if self.kappa > 0 else slip
        effects = self.effects.direction(targets[0], correlations, lacking)
        return _Step(dual, error, effects, self.bounds.direction(targets[1], error))

    def _advance(self, step: _Step) -> bool:
        dual, primal = lengths = self._lengths(step)
        if not np.isfinite(step.dual).all() or max(lengths) < 1e-8:
            return False
        self.dual = self.dual + dual * step.dual
        if self.kappa > 0:
            self.error = self.error + primal * step.error
        self.effects, self.bounds = self._moved(step, *lengths)
        return True

    def _lengths(self, step: _Step) -> tuple[float, float]:
        """How far the dual and the primal part may go."""
        effects, bounds = step.effects, step.bounds
        return (
            _longest((self.effects.slacks, effects.slacks), (self.bounds.multipliers, bounds.multipliers)),
            _longest((self.effects.multipliers, effects.multipliers), (self.bounds.slacks, bounds.slacks)),
        )

    def _moved(self, step: _Step, dual: float, primal: float) -> tuple[_Pairs, _Pairs]:
        return self.effects.moved(step.effects, dual, primal), self.bounds.moved(step.bounds, primal, dual)

    def _beyond(self) -> np.ndarray:
        """What the dual vector leaves of the effects' constraints, (2, K)."""
        correlations = atoms.correlate(self.dual)[self.used]
        return 1.0 - np.stack([correlations, -correlations])

    def _missing(self) -> np.ndarray:
        """What effects and error still lack of the game."""
        return self.target - atoms.compose(self._expand(self.effects.difference())) - self._compose_error(self.error)

    def _compose_error(self, error: np.ndarray) -> np.ndarray:
        return atoms.compose_error(error) if self.kappa > 0 else np.zeros_like(self.target)

    def _expand(self, values: np.ndarray) -> np.ndarray:
        full = np.zeros(self.used.shape)
        full[self.used] = values
        return full


def solver(matrix: np.ndarray) -> Solve:
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
