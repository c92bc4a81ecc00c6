"""AND-OR interactions: the sparsest split of a game into AND effects, OR effects and a small error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.and_or import admm, atoms, interior
from whypretrain.interactions.transforms import moebius, or_reconstruct, players_of, zeta

Solver = Literal["auto", "interior", "admm"]

# Players: a step of second order factors a matrix of 2^n rows, in 0.02 s at n = 10 and 0.5 s at n = 12.
_FIRST_ORDER_FROM = 10
_TRIED = 300  # steps of first order, a thousand times cheaper, that are enough for sparse games
_AT_MOST = 12


@dataclass(frozen=True)
class AndOr:
    """A game as AND effects, OR effects and an error: v = zeta(and_) + or_reconstruct(or_) + error.

    Attributes:
        and_, or_: effects, (..., 2^n), OR effects of single players and of the empty set merged into AND.
        l1: sum of all |effects|, (...,); with a shared split, of all games that share it.
        gap: l1 minus a lower bound of what any split can reach, (...,), 0 at the optimum.
    """

    and_: np.ndarray
    or_: np.ndarray
    l1: np.ndarray
    gap: np.ndarray

    def reconstruct(self) -> np.ndarray:
        """The scores without the error, (..., 2^n)."""
        return zeta(self.and_) + or_reconstruct(self.or_)


def and_or(
    v: np.ndarray,
    *,
    kappa: float | np.ndarray = 0.0,
    solver: Solver = "auto",
    shared: bool = False,
    tolerance: float = 1e-6,
    iterations: int = 5000,
) -> AndOr:
    """Split games into the AND and OR effects with the least sum of sizes, with a certificate.

        min sum |I_and| + |I_or|   subject to   |v - zeta(I_and) - or_reconstruct(I_or)| <= kappa everywhere

    Args:
        v: scores, (..., 2^n), up to 12 players.
        kappa: bound of the error in every score, >= 0, broadcast to the leading axes; see `error_bound`.
        solver: "interior", Newton steps, one game after the other; "admm", first order, all games at once;
            "auto", interior; from 10 players on after a short admm, which solves sparse games and starts the others.
        shared: whether the games along the last axis but one (the models of a sample) share one split of
            their scores, so that their effects are comparable; needs "admm" and kappa = 0.
        tolerance: where to stop, as gap / l1; 1e-4 takes about 60 % of the time of 1e-6 on scores of networks.
        iterations: limit for "admm"; what it reached is in `gap`.

    Raises:
        InputError: if n is above 12, kappa negative, a score not finite, or `shared` does not fit.

    Source: the objective from arXiv 2407.19198, Section 3; solving it as a convex program is ours.
    """
    v = np.asarray(v, dtype=np.float64)
    kappa = np.broadcast_to(np.asarray(kappa, dtype=np.float64), v.shape[:-1])
    solver = _chosen(v, kappa, solver, shared)
    games = v.reshape(-1, v.shape[-2] if shared else 1, v.shape[-1])  # (G, M, 2^n)
    bounds = kappa.reshape(games.shape[:2])
    scale = np.abs(games).max(axis=(1, 2), initial=0.0)
    scale = np.where(scale > 0, scale, 1.0)
    games, bounds = games / scale[:, None, None], bounds / scale[:, None]
    effects, gap = _solve(games, bounds, solver, tolerance, iterations)
    effects = (effects * scale[:, None, None, None]).reshape(*v.shape[:-1], 2, v.shape[-1])
    l1 = np.abs(effects).sum(axis=(-3, -2, -1) if shared else (-2, -1))
    return AndOr(effects[..., 0, :], effects[..., 1, :], l1, (gap * scale).reshape(l1.shape))


def error_bound(v: np.ndarray, factor: float = 0.04) -> np.ndarray:
    """The usual kappa: `factor` of |v(N) - v(empty)|, (..., 2^n) -> (...) (arXiv 2409.08712, Appendix M)."""
    return factor * np.abs(v[..., -1] - v[..., 0])


def _chosen(v: np.ndarray, kappa: np.ndarray, solver: Solver, shared: bool) -> Solver:
    n = players_of(v)
    if n > _AT_MOST:
        raise InputError(f"an AND-OR split of {n} players is too large: use at most {_AT_MOST}, or AND effects alone")
    if not np.isfinite(v).all():
        raise InputError(
            f"score {np.argwhere(~np.isfinite(v))[0].tolist()} is not finite: check the model that made it"
        )
    if (kappa < 0).any():
        raise InputError(f"kappa {kappa.min()} is negative: give the largest error allowed in a score, or 0")
    if solver not in ("auto", "interior", "admm"):
        raise InputError(f"solver {solver!r} is unknown: use auto, interior or admm")
    if shared and (v.ndim < 2 or kappa.any() or solver == "interior"):
        raise InputError("a shared split needs games (..., models, 2^n), kappa = 0 and the solver admm")
    if shared:
        return "admm"
    return "interior" if solver == "auto" and n < _FIRST_ORDER_FROM else solver


def _solve(
    games: np.ndarray, kappa: np.ndarray, solver: Solver, tolerance: float, iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Effects (G, M, 2, 2^n) and gaps (G,) of scaled games (G, M, 2^n)."""
    if solver == "auto":
        return _tried(games, kappa, tolerance, iterations)
    if solver == "admm":
        found = admm.sparsest(games, kappa, tolerance=tolerance, iterations=iterations)
        return found.effects, found.l1 - found.bound
    splits = [_second_order(game, bound, tolerance) for game, bound in zip(games[:, 0], kappa[:, 0], strict=True)]
    effects = np.array([split.effects for split in splits]).reshape(-1, 1, 2, games.shape[-1])
    return effects, np.array([split.l1 - split.bound for split in splits])


def _tried(games: np.ndarray, kappa: np.ndarray, tolerance: float, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """First order for all games that have no error; second order for those that have one or are not solved then."""
    effects = np.zeros((*games.shape[:2], 2, games.shape[-1]))
    dual, gap, hard = np.zeros_like(games), np.zeros(len(games)), kappa.any(axis=1)
    easy = np.logical_not(hard)
    if easy.any():
        found = admm.sparsest(games[easy], kappa[easy], tolerance=tolerance, iterations=min(_TRIED, iterations))
        effects[easy], dual[easy], gap[easy] = found.effects, found.dual, found.l1 - found.bound
        hard |= gap > tolerance * np.abs(effects).sum(axis=(1, 2, 3))
    for at in np.flatnonzero(hard):
        start = (effects[at, 0], dual[at, 0]) if easy[at] else None
        split = _second_order(games[at, 0], kappa[at, 0], tolerance, start)
        effects[at, 0], gap[at] = split.effects, split.l1 - split.bound
    return effects, gap


def _second_order(
    game: np.ndarray, kappa: float, tolerance: float, start: tuple[np.ndarray, np.ndarray] | None = None
) -> interior.Split:
    target = atoms.signs(players_of(game)) * moebius(game)
    return interior.sparsest(target, kappa, tolerance=tolerance, start=start)
