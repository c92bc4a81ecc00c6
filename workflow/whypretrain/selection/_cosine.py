"""Cosine cost between rows of features: as a matrix, and as a kernel that is made again block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from whypretrain.selection._kernel import Block

Precision = Literal["single", "double"]
_DRIFT = 20.0  # exp(+-20) around a row's largest entry is safe in single precision


def cosine_cost(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """1 - cosine similarity of every source row with every target row, in [0, 2]: float64 of shape (n, m)."""
    return 1.0 - unit(source) @ unit(target).T


def centred(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both minus the mean of the source rows, float64: what all of them share says nothing of how alike two are."""
    origin = np.asarray(source, dtype=np.float64).mean(axis=0)
    return source - origin, target - origin


def unit(features: np.ndarray) -> np.ndarray:
    """The rows divided by their Euclidean norms, float64."""
    features = np.asarray(features, dtype=np.float64)
    return features / np.linalg.norm(features, axis=1, keepdims=True)


class CosineKernel:
    """exp(-(1 - cosine) / epsilon) between two sets of feature rows, never whole in memory.

    One product of two extended features makes a block's logits: <unit row, unit column / epsilon>, plus the
    column's potential, minus the row's peak. Peaks are those of a potential not far away, so that they are
    sought only once.
    """

    def __init__(
        self,
        eliminated: np.ndarray,  # (p, d)
        kept: np.ndarray,  # (q, d)
        epsilon: float,
        logs: tuple[np.ndarray, np.ndarray],
        *,
        block_size: int,
        precision: Precision,
    ) -> None:
        self.shape = (len(eliminated), len(kept))
        self._type = np.float32 if precision == "single" else np.float64
        self._rows, self._block_size = eliminated, block_size
        self._columns = np.empty((len(kept), kept.shape[1] + 2), dtype=self._type)
        self._columns[:, :-2] = unit(kept) / epsilon
        self._columns[:, -1] = -1
        self._row_shift, self._column_shift = logs[0], logs[1] - 1 / epsilon
        self._peak = np.zeros(self.shape[0])
        self._centre: np.ndarray | None = None

    def blocks(self, kept: np.ndarray) -> Iterator[Block]:
        stale = self._centre is None or np.abs(kept - self._centre).max() > _DRIFT
        if stale:
            self._centre = kept.copy()
        self._columns[:, -2] = kept + self._column_shift
        scale = np.ones(self.shape[1])
        for start in range(0, self.shape[0], self._block_size):
            rows = slice(start, start + self._block_size)
            entries = self._exponentials(rows, stale)
            yield Block(rows, entries, self._peak[rows] + self._row_shift[rows], scale)

    def _exponentials(self, rows: slice, stale: bool) -> np.ndarray:
        features = self._rows[rows]
        extended = np.ones((len(features), features.shape[1] + 2), dtype=self._type)
        extended[:, :-2] = unit(features)
        extended[:, -1] = 0 if stale else self._peak[rows]
        logits = extended @ self._columns.T
        if stale:
            peak = logits.max(axis=1)
            self._peak[rows] = peak
            logits -= peak[:, None]
        return np.exp(logits, out=logits)
