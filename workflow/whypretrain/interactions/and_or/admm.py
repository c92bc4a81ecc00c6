"""Alternating directions for the sparsest AND-OR splits of many games at once, with a certified gap.

The alternating direction method of multipliers (Boyd et al., Found. Trends Mach. Learn. 3, 2011) on the
problem of `interior`: project onto the splits that make up the game, then shrink the effects and clip the
error. Without an error everything is a fast transform; with one, a factored matrix serves all games and iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.interactions.and_or import atoms
from whypretrain.interactions.and_or.interior import solver
from whypretrain.interactions.transforms import moebius, or_interactions, or_reconstruct, zeta

_PENALTY, _RELAXATION, _DECAY, _CHECK_EVERY = 30.0, 1.6, 0.7, 25


@dataclass(frozen=True)
class Splits:
    """Effects (G, M, 2, 2^n) and errors (G, M, 2^n) that add up to the games, and lower bounds (G,) of their sums.

    `dual` (G, M, 2^n) is what proves the bounds, where M is 1.
    """

    effects: np.ndarray
    error: np.ndarray
    bound: np.ndarray
    dual: np.ndarray

    @property
    def l1(self) -> np.ndarray:
        """Sum of all |effects| of each group, (G,)."""
        return np.abs(self.effects).sum(axis=(1, 2, 3))

    def better(self, other: Splits) -> Splits:
        """Of each group the sparser effects and the larger bound: either stays valid with the other."""
        sparser = (self.l1 <= other.l1)[:, None, None]
        effects = np.where(sparser[..., None], self.effects, other.effects)
        error = np.where(sparser, self.error, other.error)
        dual = np.where((self.bound >= other.bound)[:, None, None], self.dual, other.dual)
        return Splits(effects, error, np.maximum(self.bound, other.bound), dual)


def sparsest(v: np.ndarray, kappa: np.ndarray, *, tolerance: float, iterations: int) -> Splits:
    """The sparsest splits of G groups of M games, scores (G, M, 2^n) of size about 1, error bounds (G, M).

    The games of a group share one split: v_and - v / 2 is the same for all but for a sum over single players,
        whose AND
    and OR effects are alike. The error bound of groups of several games must be zero.

    Stops when every group's sum exceeds its bound by at most `tolerance` of itself, or after `iterations`.
    """
    state = _State(v, kappa)
    best = state.splits()
    for done in range(1, iterations + 1):
        state.step()
        if done % _CHECK_EVERY == 0 or done == iterations:
            best = best.better(state.splits())
            if (best.l1 - best.bound <= tolerance * best.l1).all():
                break
    return best


class _State:
    """Effects and error after the projection (`whole`) and after shrinking (`sparse`), and their difference."""

    def __init__(self, v: np.ndarray, kappa: np.ndarray) -> None:
        n = v.shape[-1].bit_length() - 1
        self.v, self.kappa, self.with_error = v, kappa[..., None], bool(kappa.any())
        self.target = atoms.signs(n) * moebius(v)
        # Effects of low order are few and large: letting them move further saves most of the iterations.
        gram = atoms.WeightedGram(n, _DECAY)
        self.metric = gram.metric
        self.solve = self._factored(v.shape[-1]) if self.with_error else gram.solve
        self.sparse = np.zeros((*v.shape[:-1], 2, v.shape[-1]))
        self.error, self.lag, self.error_lag = np.zeros_like(v), np.zeros_like(self.sparse), np.zeros_like(v)
        self._project()

    def step(self) -> None:
        """One round: over-relax the last projection, shrink, project."""
        effects = _RELAXATION * self.whole + (1 - _RELAXATION) * self.sparse + self.lag
        error = _RELAXATION * self.whole_error + (1 - _RELAXATION) * self.error + self.error_lag
        self.sparse = np.sign(effects) * np.maximum(np.abs(effects) - self.metric / _PENALTY, 0.0)
        self.error = np.clip(error, -self.kappa, self.kappa)
        self.lag, self.error_lag = effects - self.sparse, error - self.error
        self._project()

    def splits(self) -> Splits:
        """The sparse effects made feasible, and the bound that the forces of the last projection prove."""
        effects = self._agreed(self.sparse) if self.v.shape[1] > 1 else self.sparse.copy()
        effects[..., 0, :] += moebius(
            self.v - self.error - zeta(effects[..., 0, :]) - or_reconstruct(effects[..., 1, :])
        )
        value = (self.force * self.whole).sum(axis=(1, 2, 3)) + (self.error_force * self.whole_error).sum(axis=(1, 2))
        value -= (self.kappa * np.abs(self.error_force)).sum(axis=(1, 2))
        size = np.maximum(1.0, np.abs(self.force).max(axis=(1, 2, 3)))
        return Splits(effects, self.error, value / size, self.dual / size[:, None, None])

    def _factored(self, length: int) -> Callable[[np.ndarray], np.ndarray]:
        """Solve with the Gram matrix of effects and error together, factored once."""
        solve = solver(atoms.gram(self.metric, np.ones(length)))
        return lambda right: solve(right.reshape(-1, length).T).T.reshape(right.shape)

    def _project(self) -> None:
        """The effects and error nearest in the metric that make up the games."""
        start, error_start = self.sparse - self.lag, self.error - self.error_lag
        missing = self.target - atoms.compose(start)
        if self.with_error:
            missing -= atoms.compose_error(error_start)
        dual = self.solve(missing)
        self.dual = _PENALTY * dual
        self.whole = start + self.metric * atoms.correlate(dual)
        self.error_force = _PENALTY * atoms.correlate_error(dual) if self.with_error else np.zeros_like(self.v)
        self.whole_error = error_start + self.error_force / _PENALTY
        if self.v.shape[1] > 1:
            self.whole = self._agreed(self.whole)
        change = self.whole - start
        self.force = _PENALTY * np.divide(change, self.metric, out=np.zeros_like(change), where=self.metric > 0)

    def _agreed(self, effects: np.ndarray) -> np.ndarray:
        """The nearest effects with one split for each group: the mean of the games' splits, with equal weights."""
        split = (zeta(effects[..., 0, :]) - or_reconstruct(effects[..., 1, :])) / 2  # v_and - v / 2
        or_ = (
            or_interactions(self.v / 2 - split.mean(axis=1, keepdims=True))
            * atoms.used(self.v.shape[-1].bit_length() - 1)[1]
        )
        return np.stack([moebius(self.v - or_reconstruct(or_)), or_], axis=-2)
