"""Interaction strengths, sorted: few are salient, most are noise (what arXiv:2410.08455, Eq. 1, rests on)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, Look, looks

NEEDS = ("sparsity",)
TAKES = ()
_DEPTH = 50  # the axis ends at the threshold divided by this: what lies below is noise


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: strength over the share of stronger interactions."""
    table = given["sparsity"]
    keys = ["architecture", "target", "model", "rank_fraction"]
    curves = tables.by_seed(table, keys, "strength", settings.confidence)
    cells, styles = tables.cells(curves), looks(curves["model"])
    figure, grid = canvas.page(
        settings,
        panels=len(cells),
        kinds=1,
        height=1.7,
        title="Interaction strengths in descending order",
        handles=[Look(look.label, look.colour, "", look.line).handle() for look in styles.values()],
        note=f"{tables.seeds(table)}; mean over seeds. All interactions of all images of a model, sorted "
        "by strength relative to the strongest; dotted line: threshold of salient interactions, "
        f"{settings.threshold:g}.",
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        _draw_panel(axis, tables.in_cell(curves, cell), styles, settings.threshold)
        axis.set_title(tables.cell_title(cell))
    grid.label("share of interactions / %", ["strength |I|"])
    grid.share(0, low=settings.threshold / _DEPTH)
    return figure, curves


def _draw_panel(axis: Axes, curves: pd.DataFrame, styles: Mapping[str, Look], threshold: float) -> None:
    for model, look in styles.items():
        part = tables.only(curves, model=model).sort_values("rank_fraction")
        strength = part[["estimate", "low", "high"]].clip(lower=1e-12).assign(low=float("nan"))
        marks.band(axis, 100 * part["rank_fraction"].to_numpy(), strength, look, markers=False)
    axis.axhline(threshold, color=GREY, linewidth=0.8, linestyle=":")
    axis.set_yscale("log")
    seen = curves[curves["estimate"] > threshold / _DEPTH]["rank_fraction"]
    axis.set_xlim(0, min(100.0, 105 * max(float(seen.max()), 0.01)))
