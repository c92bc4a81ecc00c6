"""What pre-training alone explains of the fine-tuned model, what training from scratch does, and what is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, degrees, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import INK, KNOWLEDGE, PURPLE, VERMILLION, Look
from whypretrain.figures.wording import span

PARTS = {  # from the bottom up
    "unique_pretrained": Look("pre-training alone", KNOWLEDGE["preserved"].colour),
    "common": Look("either (below 0: only together)", PURPLE, hatch="////"),
    "unique_scratch": Look("training from scratch alone", VERMILLION, hatch="\\\\\\\\"),
    "new": Look("neither: new", KNOWLEDGE["new"].colour, hatch="...."),
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: bars of explained variance by degree, all degrees at the right."""
    rows = tables.some(degrees.of_degrees(given["commonality"]), "commonality", model=settings.model)
    keys = ["architecture", "target", "degree"]
    found = pd.concat(
        [tables.by_seed(rows.dropna(subset=part), keys, part, settings.confidence).assign(part=part) for part in PARTS],
        ignore_index=True,
    )
    cells, name = tables.cells(found), settings.cast[settings.model].label
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=1.7,
        handles=[look.patch() for look in PARTS.values()],
        title=f"Pre-training alone explains {_alone(found)} % of the {name} model's function over masked "
        f"{settings.sample}s",
        note=_note(rows, settings),
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        _draw_panel(axis, degrees.drawn(tables.in_cell(found, cell)))
    grid.label(degrees.axis_label(settings), ["variance / %"])
    grid.share(0)
    return figure, found


def _alone(found: pd.DataFrame) -> str:
    """What pre-training alone explains over all degrees, in percent."""
    return span(100 * tables.only(found, part="unique_pretrained", degree=degrees.ALL)["estimate"])


def _draw_panel(axis: Axes, shown: pd.DataFrame) -> None:
    percent = shown.assign(**100 * shown[["estimate", "low", "high"]])
    height = np.zeros(percent["place"].nunique())
    for part, look in PARTS.items():
        rows = tables.only(percent, part=part)
        value = rows["estimate"].to_numpy()
        bottom = np.where(value < 0, 0, height)
        style: Any = {"color": look.colour, "hatch": look.hatch, "edgecolor": "white", "linewidth": 0}
        axis.bar(rows["place"], value, 0.8, bottom, **style)
        height = height + np.maximum(value, 0)
    own = tables.only(percent, part="unique_pretrained").dropna(subset="low")
    axis.vlines(own["place"], own["low"].clip(lower=0), own["high"].clip(upper=100), color=INK, linewidth=0.8)
    axis.axhline(0, color=INK, linewidth=0.6)
    degrees.label(axis, shown)


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    bars = tables.seed_words(rows, settings.confidence)
    return (
        f"{tables.seeds(rows)}, mean over seeds; line: {bars} of the part of pre-training alone. R2 of fits of the "
        "fine-tuned model's Walsh-Hadamard coefficients by the pre-trained model, the one from scratch, and both, "
        f"pooled over {settings.sample}s. Where both explain more than the sum of each, the common part is negative "
        f"and drawn below 0; the other parts then reach as far above 100 %. {degrees.highest(rows)}"
    )
