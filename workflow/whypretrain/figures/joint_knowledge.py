"""What joint fine-tuning keeps, adds and shares with scratch, compared with plain fine-tuning, by selection rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, degrees, marks, tables
from whypretrain.figures.knowledge import main_rows, total
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import PALE, Look, looks
from whypretrain.figures.wording import listed, span

# Column of the table of knowledge: what it is a share of, and what that share is called.
SHARES = {
    "preserved": ("pre", "preserved share / %"),
    "new": ("tuned", "new share / %"),
    "scratch_shared": ("preserved", "ratio r / %"),
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row a share: a line a method, all orders at the right."""
    rows = main_rows(given["knowledge"], settings)
    joint = {member.name for member in settings.cast.methods if member.joint}
    rows = rows[rows["model"].isin(joint | {settings.model})]
    cells, styles = tables.cells(rows), looks(rows["model"], settings)
    parts = [
        _shares(part, cell, settings).assign(model=model)
        for cell in cells
        for model, part in tables.in_cell(rows, cell).groupby("model")
    ]
    shown = pd.concat(parts, ignore_index=True)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=len(SHARES),
        height=1.25,
        handles=[look.handle() for look in styles.values()],
        title=_title(shown, styles),
        note=_note(rows, settings),
    )
    for cell, column in zip(cells, grid.axes, strict=True):
        for share, axis in zip(SHARES, column, strict=True):
            _draw_panel(axis, tables.only(tables.in_cell(shown, cell), share=share), styles)
    grid.label(degrees.axis_label(settings), [label for _, label in SHARES.values()])
    for kind in range(len(SHARES)):
        grid.share(kind, low=0, high=104)
    return figure, shown


def _title(shown: pd.DataFrame, styles: Mapping[str, Look]) -> str:
    """What each method preserved over all orders."""
    kept = tables.only(shown, share="preserved", order="all")
    said = [f"{look.label} {span(100 * tables.only(kept, model=name)['estimate'])} %" for name, look in styles.items()]
    return f"Kept of the pre-trained knowledge: {listed(said)}"


def _shares(rows: pd.DataFrame, cell: tuple[str, str], settings: Settings) -> pd.DataFrame:
    """Each share per order, and order "all" for the sums over orders."""
    parts = [*((str(order), part) for order, part in rows.groupby("order")), ("all", rows)]
    found = [
        tables.row(cell, total(part, share, whole, settings), share=share, order=order)
        for share, (whole, _) in SHARES.items()
        for order, part in parts
    ]
    return pd.DataFrame(found)


def _draw_panel(axis: Axes, shares: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    """Lines without intervals, which the points of all orders at the right have: more would hide each other."""
    percent = shares.assign(**100 * shares[["estimate", "low", "high"]].clip(0, 1))
    summed = percent["order"] == "all"
    orders = np.sort(percent["order"][~summed].unique().astype(int))
    last = orders.max() + 1.5
    for place, (model, look) in enumerate(styles.items()):
        part = tables.only(percent[~summed], model=model)
        bare = part[["estimate", "low", "high"]].assign(low=np.nan, high=np.nan)
        marks.band(axis, part["order"].astype(int).to_numpy(), bare, look)
        at = np.array([last + 0.45 * place])
        marks.bars(axis, at, tables.only(percent[summed], model=model), look, line=False)
    axis.axvline(last - 0.7, color=PALE, linewidth=0.5)
    middle = last + 0.225 * (len(styles) - 1)
    step = max(1, -(-len(orders) // 5))
    axis.set_xticks([*orders[::step], middle], [*map(str, orders[::step]), "all"])
    axis.set_xlim(orders.min() - 0.5, last + 0.45 * len(styles))


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    samples = int(rows.groupby(["architecture", "target"])["sample"].nunique().max())
    bars = tables.interval_words(settings.confidence, "bootstrap interval", repeated=tables.repeated(rows))
    return (
        f"{tables.seeds(rows)}, {tables.count(samples, settings.sample)} each. Share of the pre-trained strength that"
        " is preserved, share of the tuned strength that is new, and part of the preserved that a model trained from"
        f" scratch has; at the right over all orders, {bars}. Threshold {rows['threshold'].iloc[0]:g}."
    )
