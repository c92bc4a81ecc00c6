"""A planted effect, an AND of known positions: whether it is found, where it is, and whether it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.interactions.effects import Effects
from whypretrain.interactions.knowledge import shared_effect
from whypretrain.interactions.transforms import orders

COLUMNS = ["target", "architecture", "seed", "model", "sample", "coalition", "order"]
COLUMNS += ["effect", "preserved", "pretrained_first", "preserved_first", "discarded"]


def planted_table(
    effects: Effects,
    positions: Sequence[tuple[int, ...]],
    shown: Sequence[bool],
    *,
    reference: str,
    threshold: float = 0.05,
) -> pd.DataFrame:
    """One row a model and sample that shows the planted parts, all of which are players.

    Args:
        effects: AND effects of one run.
        positions: one position, e.g. (row, column), inside each planted part.
        shown: of each sample, whether all planted parts are there.
        reference: the model that stands for the pre-trained one.
        threshold: of salient effects, see `salient`.

    Returns:
        `COLUMNS`: coalition is the mask of the players that hold the parts, order their number; effect is the
        reference's normalised effect of it, preserved what the model has of that. 1 or 0 are pretrained_first (it is
        the reference's strongest effect), preserved_first (it is the strongest of those that are preserved) and
        discarded (more of it is lost than preserved); NaN for a model that cannot be normalised. Controls are among
        the models.
    """
    archive = effects.archive
    places: list[Any] = [(slice(None), *position) for position in positions]
    players = np.stack([archive.owner[place] for place in places], axis=1).astype(np.int64)
    chosen = np.flatnonzero((players >= 0).all(axis=1) & np.asarray(shown))
    planted = np.bitwise_or.reduce(1 << players[chosen], axis=1)
    own = effects.salient(effects.of(reference), threshold=threshold, normalise=True)[chosen]
    rows = np.arange(len(chosen))
    tables = []
    for model in (name for name in archive.models if name != reference):
        other = effects.salient(effects.of(model), threshold=threshold, normalise=True)[chosen]
        kept = shared_effect(own, other)
        effect, preserved = own[rows, planted], kept[rows, planted]
        values = {
            "model": model,
            "sample": np.asarray(archive.about["samples"])[chosen],
            "coalition": planted,
            "order": orders(effects.n)[planted],
            "effect": effect,
            "preserved": preserved,
            "pretrained_first": _is_first(own, planted),
            "preserved_first": _is_first(kept, planted),
            "discarded": np.where(np.isnan(preserved), np.nan, np.abs(effect - preserved) > np.abs(preserved)),
        }
        tables.append(pd.DataFrame(values).assign(**archive.run))
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _is_first(effects: np.ndarray, planted: np.ndarray) -> np.ndarray:
    """1 where no other effect of a row is as strong as the planted one, else 0; NaN where effects are not known."""
    size = np.abs(effects)
    rows = np.arange(len(size))
    own = size[rows, planted]
    size[rows, planted] = -1.0
    return np.where(np.isnan(own), np.nan, own > size.max(axis=1))
