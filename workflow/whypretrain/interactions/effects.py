"""Effects: the interactions of every model and checkpoint of one archive, and which of them are salient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.and_or import and_or
from whypretrain.interactions.archive import ScoreArchive
from whypretrain.interactions.salience import normaliser, salient
from whypretrain.interactions.transforms import moebius, players_of

Kind = Literal["and", "and_or"]

EFFICIENCY_TOLERANCE = 1e-9  # of the sum of all |I(S)|; float64 rounding stays below 1e-12


@dataclass(frozen=True)
class Effects:
    """Effects of one archive, float64.

    Attributes:
        archive: the scores that they come from.
        models: (models, S, 2^n); with OR effects (models, 2 S, 2^n), the AND effects of all samples first.
        checkpoints: AND effects, (checkpoints, S', 2^n).
        kind: "and", or "and_or": the sparsest split that all models of a sample share.
    """

    archive: ScoreArchive
    models: np.ndarray
    checkpoints: np.ndarray
    kind: Kind = "and"

    @property
    def n(self) -> int:
        """Number of players."""
        return players_of(self.models)

    @property
    def parts(self) -> list[str]:
        """What the rows of `models` are, "and" or "and" and "or"."""
        return self.kind.split("_")

    def of(self, model: str) -> np.ndarray:
        """Effects of one model, a row of `models`.

        Raises:
            InputError: if it was not scored.
        """
        names = self.archive.models
        if model not in names:
            raise InputError(f"model {model!r} was not scored for {self.archive.run}: scored are {', '.join(names)}")
        return self.models[names.index(model)]

    def compared(self, reference: str) -> tuple[list[str], np.ndarray]:
        """Names and effects of all models but the reference and the controls, (M, S, 2^n)."""
        entries = self.archive.about["models"]
        rows = [row for row, entry in enumerate(entries) if entry["name"] != reference and not entry["control"]]
        return [entries[row]["name"] for row in rows], self.models[rows]

    def salient(self, effects: np.ndarray, *, threshold: float, normalise: bool) -> np.ndarray:
        """`salience.salient` of rows of `models`, AND and OR effects under one threshold and normaliser."""
        kept = salient(effects, threshold=threshold, normalise=False)
        if not normalise:
            return kept
        samples = self.by_part(effects).sum(axis=-3)  # AND and OR effects together make v(N) - v(empty)
        return kept / normaliser(samples)[..., None, None]

    def by_part(self, effects: np.ndarray) -> np.ndarray:
        """Rows of `models` with AND and OR apart: (..., parts * S, 2^n) -> (..., parts, S, 2^n)."""
        return effects.reshape(*effects.shape[:-2], len(self.parts), -1, effects.shape[-1])

    def restricted(self, n: int) -> Effects:
        """The game of the first n players, all others shown: its effects need no new forward."""
        shown = slice(-(1 << n), None)
        archive = replace(
            self.archive,
            scores=self.archive.scores[..., shown],
            checkpoint_scores=self.archive.checkpoint_scores[..., shown],
        )
        return effects_of(archive, kind=self.kind)


def effects_of(archive: ScoreArchive, *, kind: Kind = "and") -> Effects:
    """Effects of all models and checkpoints of an archive.

    Raises:
        InputError: if the effects do not add up to v(N) - v(empty), the efficiency axiom, or the kind is
            unknown.
    """
    if kind not in ("and", "and_or"):
        raise InputError(f"effects of kind {kind!r} are unknown: use and or and_or")
    effects = Effects(archive, moebius(archive.scores), moebius(archive.checkpoint_scores))
    residual = efficiency_residual(archive.scores, effects.models)
    if not (residual <= EFFICIENCY_TOLERANCE).all():
        raise InputError(
            f"{archive.run}: effects miss v(N) - v(empty) by {residual.max():.1e} of their size: score again"
        )
    if kind == "and":
        return effects
    split = and_or(archive.scores.swapaxes(0, 1), shared=True)  # games of a sample share it: (S, models, 2^n)
    both = np.concatenate([split.and_, split.or_]).swapaxes(0, 1)
    return replace(effects, models=both, kind=kind)


def efficiency_residual(scores: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """|sum of all effects - v(N)| as a share of the sum of their sizes, (..., 2^n) -> (...)."""
    size = np.abs(effects).sum(axis=-1)
    return np.abs(effects.sum(axis=-1) - scores[..., -1]) / np.where(size > 0, size, 1.0)
