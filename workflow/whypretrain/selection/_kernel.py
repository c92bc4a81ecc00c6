"""Gibbs kernels: what the solver needs of an entropic plan, in one pass over its blocks.

The plan is T_ij = exp(x_i + y_j - C_ij / epsilon + reference_ij) in log potentials. One side is kept as
the unknown; the other is eliminated, because its best potential is a closed form of the kept one. Blocks hold
rows of the eliminated side and all of the kept side, scaled so that the largest entry of each row is near 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

_SMALLEST = np.finfo(np.float64).tiny
_DRIFT = 100.0  # exp(+-100) is far from the ends of float64: no plan entry that matters is lost
_CHUNK = 1 << 18  # entries exponentiated together: two megabytes stay in cache


class Block(NamedTuple):
    """exp(peak)[:, None] * entries * scale is the kernel times the kept scaling, for some eliminated rows."""

    rows: slice
    entries: np.ndarray  # (eliminated rows, kept)
    peak: np.ndarray  # (eliminated rows,)
    scale: np.ndarray  # (kept,)


class Kernel(Protocol):
    """Shape (eliminated, kept) and the blocks at a kept potential."""

    shape: tuple[int, int]

    def blocks(self, kept: np.ndarray) -> Iterator[Block]: ...


class DenseKernel:
    """The whole kernel in memory, exponentiated again only when the potential has drifted far."""

    def __init__(self, cost: np.ndarray, epsilon: float, eliminated_log: np.ndarray, kept_log: np.ndarray) -> None:
        self.shape: tuple[int, int] = (cost.shape[0], cost.shape[1])
        self._cost, self._epsilon = cost, epsilon
        self._eliminated_log, self._kept_log = eliminated_log, kept_log
        self._entries = np.empty(self.shape)
        self._peak = np.empty(self.shape[0])
        self._centre: np.ndarray | None = None

    def blocks(self, kept: np.ndarray) -> Iterator[Block]:
        if self._centre is None or np.abs(kept - self._centre).max() > _DRIFT:
            self._absorb(kept)
        yield Block(slice(None), self._entries, self._peak, np.exp(kept - self._centre))

    def _absorb(self, kept: np.ndarray) -> None:
        shift = kept + self._kept_log
        step = max(1, _CHUNK // self.shape[1])
        for start in range(0, self.shape[0], step):
            rows = slice(start, start + step)
            entries = self._entries[rows]
            np.multiply(self._cost[rows], -1 / self._epsilon, out=entries)
            entries += shift
            self._peak[rows] = _exponentiate(entries) + self._eliminated_log[rows]
        self._centre = kept.copy()


def _exponentiate(logits: np.ndarray) -> np.ndarray:
    """Replace each row by exp(row - max) in place; return the maxima in float64."""
    peak = logits.max(axis=1)
    logits -= peak[:, None]
    np.exp(logits, out=logits)
    return peak.astype(np.float64)


@dataclass(frozen=True)
class Side:
    """One marginal: log masses and the weight of its penalty in units of epsilon (0 free, infinite exact)."""

    log_mass: np.ndarray
    weight: float

    @property
    def damping(self) -> float:
        """phi = tau / (tau + epsilon), the exponent of the scaling step."""
        return 1.0 if np.isinf(self.weight) else self.weight / (1 + self.weight)


@dataclass(frozen=True)
class Point:
    """The plan at a kept potential, with the eliminated potential at its best."""

    kept: np.ndarray
    eliminated: np.ndarray
    kept_mass: np.ndarray
    eliminated_mass: np.ndarray
    log_total: np.ndarray  # logarithm of the kernel times the kept scaling, one entry an eliminated row

    def shifted(self, shift: float, damping: float) -> Point:
        """The point whose kept potential is higher by a constant."""
        factor = np.exp((1 - damping) * shift)
        return Point(
            self.kept + shift,
            self.eliminated - damping * shift,
            self.kept_mass * factor,
            self.eliminated_mass * factor,
            self.log_total + shift,
        )


def evaluate(kernel: Kernel, kept: np.ndarray, side: Side) -> Point:
    """Eliminate one side exactly and return both marginals of the plan: one pass, one scaling step."""
    log_total = np.empty(kernel.shape[0])
    mass, eliminated = np.empty_like(log_total), np.zeros_like(log_total)
    kept_mass = np.zeros(kernel.shape[1])
    for rows, entries, peak, scale in kernel.blocks(kept):
        total = (entries @ scale.astype(entries.dtype)).astype(np.float64)
        log_total[rows] = peak + np.log(total)
        if side.weight > 0:
            eliminated[rows] = side.damping * (side.log_mass[rows] - log_total[rows])
        mass[rows] = np.exp(eliminated[rows] + log_total[rows])
        kept_mass += scale * ((mass[rows] / total).astype(entries.dtype) @ entries)
    return Point(kept, eliminated, np.maximum(kept_mass, _SMALLEST), mass, log_total)


def smooth(kernel: Kernel, point: Point, vector: np.ndarray) -> np.ndarray:
    """S S' vector with S_ij = T_ij / sqrt(kept mass_i * eliminated mass_j), the plan normalised: one pass."""
    root = np.sqrt(point.kept_mass)
    ratio, found = vector / root, np.zeros(kernel.shape[1])
    for rows, entries, peak, scale in kernel.blocks(point.kept):
        inner = entries @ (scale * ratio).astype(entries.dtype)
        inner = inner * (point.eliminated_mass[rows] * np.exp(2 * (peak - point.log_total[rows])))
        found += scale * (inner.astype(entries.dtype) @ entries)
    return found / root
