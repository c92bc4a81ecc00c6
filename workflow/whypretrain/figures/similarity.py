"""How directly training reaches its final knowledge, tuned and from scratch (Fig. 4 of arXiv:2410.08455)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import Look, looks
from whypretrain.figures.wording import by_method

_GROUPS = ("all", "low", "mid", "high")
_NAMES = {"all": "all orders", "low": "low orders", "mid": "middle orders", "high": "high orders"}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target: all orders over steps, then groups of orders over fractions."""
    curves = _curves(given["similarity"], settings)
    cells, styles = tables.cells(curves), looks(curves["method"], settings)
    groups = [group for group in _GROUPS if (curves["group"] == group).any()]
    kinds = [(groups[0], "step"), *((group, "fraction") for group in groups)]
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=len(kinds),
        height=1.15,
        title=_title(curves, settings),
        note=_note(given["similarity"], settings),
        handles=[look.handle() for look in styles.values()],
    )
    for cell, column in zip(cells, grid.axes, strict=True):
        for (group, scale), axis in zip(kinds, column, strict=True):
            _draw_panel(axis, tables.only(tables.in_cell(curves, cell), group=group), scale, styles)
        column[0].set_xlabel("training step")
        for axis in column[1:-1]:
            axis.tick_params(labelbottom=False)
    grid.label("fraction of the run", [_NAMES[group] for group, _ in kinds])
    for kind in range(len(kinds)):
        grid.share(kind, low=0)
    return figure, curves


def _title(curves: pd.DataFrame, settings: Settings) -> str:
    """How much of its final interactions each method has before it trains."""
    start = tables.only(curves, group="all", step=0)
    found = {method: start[start["method"] == method]["estimate"] for method in start["method"].unique()}
    said = by_method(found, settings.cast, digits=2)
    return (
        f"Similarity to the final interactions before training: {said}" if said else "The way to the final interactions"
    )


def _curves(similarity: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    keys = ["architecture", "target", "method", "group", "step"]
    curves = tables.by_seed(similarity, keys, "similarity", settings.confidence)
    last = curves.groupby(["architecture", "target", "method"])["step"].transform("max")
    return curves.assign(fraction=curves["step"] / last.clip(lower=1))


def _draw_panel(axis: Axes, curves: pd.DataFrame, scale: str, styles: Mapping[str, Look]) -> None:
    for method, look in styles.items():
        part = tables.only(curves, method=method).sort_values("step").query("fraction < 1")
        interval = part[["estimate", "low", "high"]].clip(0, 1)
        if len(part):
            marks.band(axis, part[scale].to_numpy(), interval, look)
    if curves.empty:
        canvas.say_empty(axis)
    else:
        marks.log_steps(axis, curves[scale].to_numpy())


def _note(similarity: pd.DataFrame, settings: Settings) -> str:
    bars = tables.seed_words(similarity, settings.confidence)
    return (
        f"{tables.seeds(similarity)}; mean over {settings.sample}s and seeds, band: {bars}. Sign-split weighted "
        "Jaccard similarity to the end of the same run, where it is 1 by definition and not drawn. First row: training "
        "steps; other rows: fraction of the run; both logarithmic from the first checkpoint on."
    )
