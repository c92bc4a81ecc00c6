"""Every metric between its floor (0) and its ceiling (1), for each kind of model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, Look, looks

ALL = "all"  # architecture and target of rows over all runs


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target, one over all runs where there is one of each; one line a metric."""
    table = given["scale"]
    single = table[table["architecture"] != ALL]
    shown = (single if len(single) else table).rename(columns={"excess": "estimate"})
    cells, styles = tables.cells(shown), looks(shown["model"], settings)
    metrics = list(dict.fromkeys(shown.dropna(subset="estimate")["metric"])) or list(dict.fromkeys(shown["metric"]))
    figure, body = canvas.canvas(
        settings,
        height=0.3 + len(cells) * (0.35 + 0.3 * len(metrics)) / min(2, len(cells)),
        title="What is measured, between what chance gives and the most there could be",
        note=_note(shown, settings),
        handles=[look.handle(line=False) for look in styles.values()],
    )
    across = min(2, len(cells))
    grid = body.subplots(-(-len(cells) // across), across, squeeze=False, sharex=True)
    for place, axis in enumerate(grid.ravel()):
        if place < len(cells):
            _draw_panel(axis, tables.in_cell(shown, cells[place]), metrics, styles, named=place % across == 0)
            axis.set_title(tables.cell_title(cells[place]))
        else:
            axis.set_axis_off()
    return figure, shown


def _draw_panel(axis: Axes, rows: pd.DataFrame, metrics: list[str], styles: Mapping[str, Look], *, named: bool) -> None:
    for bound in (0, 1):
        axis.axvline(bound, color=GREY, linewidth=0.6)
    step = 0.7 / max(1, len(styles))
    for place, metric in enumerate(metrics):
        own = tables.only(rows, metric=metric)
        for number, (model, look) in enumerate(styles.items()):
            for _, interval in tables.only(own, model=model).dropna(subset="estimate").iterrows():
                marks.mean(axis, interval, place + (number - (len(styles) - 1) / 2) * step, look)
    marks.categories(axis, metrics, shown=named)
    axis.set_xlabel("0: floor, 1: ceiling")


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    ends = rows.drop_duplicates("metric")
    said = "; ".join(f"{row.metric}: {row.floor_is} to {row.ceiling_is}" for row in ends.itertuples())
    names = ", ".join(dict.fromkeys(rows[rows["estimate"].isna()]["metric"]))
    missing = f" Not on a scale: {names}." if names else ""
    seeds = tables.count(int(rows["n_seeds"].max()), "seed")
    return f"Fieller's {100 * settings.confidence:g} % intervals over {seeds}. From floor to ceiling: {said}.{missing}"
