"""How metrics answer to changes whose effect is known: response to dose, a line a kind of change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import Look, series_looks

#: Metrics with a row of panels, with what the axis calls them; the figure's table has all.
SHOWN = {
    "preserved share": "preserved\nshare",
    "agreement, all degrees": "agreement,\nall degrees",
    "forgetting": "forgetting",
    "CKA divergence": "CKA\ndivergence",
}
_KEYS = ["architecture", "target", "intervention", "metric", "dose"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target, one row a metric, one line a kind of change."""
    table = given["validity"]
    doses = table[~table["placebo"]]
    found = tables.by_seed(doses, _KEYS, "value", settings.confidence).sort_values("dose", kind="stable")
    places = found.groupby("intervention")["dose"].rank(method="dense") - 1
    found = found.assign(part=places / places.groupby(found["intervention"]).transform("max"))
    cells, looks = tables.cells(found), series_looks(found["intervention"])
    figure, grid = canvas.page(
        settings,
        panels=[tables.cell_title(cell) for cell in cells],
        kinds=len(SHOWN),
        height=1.0,
        title=_title(table),
        note=_note(table, doses, settings),
        handles=[look.handle() for look in looks.values()],
    )
    for cell, axes in zip(cells, grid.axes, strict=True):
        for metric, axis in zip(SHOWN, axes, strict=True):
            _draw_panel(axis, tables.only(tables.in_cell(found, cell), metric=metric), looks)
    grid.label("dose, in order", list(SHOWN.values()))
    for kind in range(len(SHOWN)):
        grid.share(kind)
    return figure, found


def _title(table: pd.DataFrame) -> str:
    """How far known changes and placebos move a metric at most."""
    largest = table.groupby("placebo")["moved"].max().dropna()
    if set(largest.index) != {False, True}:
        return "Metrics against the dose of changes whose effect is known"
    return f"Known changes move a metric by up to {largest[False]:.2g}, placebos by up to {largest[True]:.2g}"


def _draw_panel(axis: Axes, rows: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    for intervention, look in looks.items():
        part = tables.only(rows, intervention=intervention)
        if len(part):
            marks.band(axis, part["part"].to_numpy(), part, look)


def _note(table: pd.DataFrame, doses: pd.DataFrame, settings: Settings) -> str:
    placebos = table[table["placebo"]].groupby("intervention", sort=False)["moved"].max()
    moved = "; ".join(f"{name} {value:.2g}" for name, value in placebos.items())
    placebo = f" Placebos, largest move of any metric: {moved}." if moved else ""
    return f"{tables.seed_words(doses, settings.confidence)}. Dose 0: the model without the change.{placebo}"
