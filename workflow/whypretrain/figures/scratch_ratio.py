"""How much of the preserved knowledge a model trained from scratch finds too (Fig. 3 of arXiv:2410.08455)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import Role
from whypretrain.errors import InputError
from whypretrain.figures import canvas, degrees, marks, tables
from whypretrain.figures.knowledge import by_chance, main_rows, raw_rows, total
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, DASHED, GREY, PALE, Look, looks
from whypretrain.figures.wording import span

SHOWN = (Role.REFERENCE, Role.FINETUNE, Role.SCRATCH)  # their accuracies are written next to the ratio


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: the ratio r per order, and over all orders at the right."""
    rows = main_rows(given["knowledge"], settings, model=settings.model)
    if rows["scratch_shared"].isna().all():
        raise InputError("knowledge: scratch_shared is empty; add training from scratch to grid.methods and run again")
    cells = tables.cells(rows)
    ratios = pd.concat([_ratios(tables.in_cell(rows, cell), cell, settings) for cell in cells], ignore_index=True)
    raw = raw_rows(given["knowledge"], settings)
    plain = [_ratios(tables.in_cell(raw, cell), cell, settings) for cell in tables.cells(raw)]
    ratios = pd.concat(
        [
            ratios.assign(shows="normalised"),
            *(each.assign(shows="raw") for each in plain),
            *(
                each.astype({"order": str})
                for each in by_chance(given.get("permutation_null"), settings, "scratch_ratio")
            ),
        ],
        ignore_index=True,
    )
    published = _published(given.get("published_interactions"))
    look = looks([settings.model], settings)[settings.model]
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=1.6,
        title=f"Training from scratch finds {_overall(ratios)} % of what the {look.label} model preserved",
        note=_note(rows, ratios, published, settings),
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        _draw_panel(axis, tables.in_cell(ratios, cell), published, look)
        axis.set_title(tables.cell_title(cell) + _accuracies(given.get("runs"), cell, settings))
    grid.label(degrees.axis_label(settings), ["ratio r / %"])
    grid.share(0, low=0, high=104)
    return figure, ratios


def _overall(ratios: pd.DataFrame) -> str:
    """The ratios over all orders, in percent."""
    return span(100 * tables.only(ratios, shows="normalised", order="all")["estimate"])


def _ratios(rows: pd.DataFrame, cell: tuple[str, str], settings: Settings) -> pd.DataFrame:
    """r per order, and order "all" for the sums over orders."""
    parts = [(str(order), part) for order, part in rows.groupby("order")] + [("all", rows)]
    found = []
    for order, part in parts:
        interval = total(part, "scratch_shared", "preserved", settings)
        found.append(tables.row(cell, interval, order=order))
    return pd.DataFrame(found)


def _accuracies(runs: pd.DataFrame | None, cell: tuple[str, str], settings: Settings) -> str:
    """A second line of the panel's title."""
    if runs is None:
        return ""
    means = 100 * tables.in_cell(runs, cell).groupby("method")["accuracy"].mean()
    return "\naccuracy " + ", ".join(f"{means[method]:.1f}" for method in _beside(settings) if method in means)


def _beside(settings: Settings) -> list[str]:
    return [settings.cast.roles[role] for role in SHOWN if role in settings.cast.roles]


def _published(table: pd.DataFrame | None) -> tuple[float, float] | None:
    """Lowest and highest ratio that the paper gives, in percent."""
    rows = None if table is None else tables.only(table, quantity="scratch_preserved_ratio")
    if rows is None or rows.empty:
        return None
    return float(rows["value_low"].iloc[0]), float(rows["value_high"].iloc[0])


def _draw_panel(axis: Axes, every: pd.DataFrame, published: tuple[float, float] | None, look: Look) -> None:
    if published:
        axis.axhspan(*published, color=PALE, alpha=0.35, linewidth=0)
    raw, ratios = tables.only(every, shows="raw"), tables.only(every, shows="normalised")
    percent = ratios[["estimate", "low", "high"]].clip(0, 1) * 100
    single = (ratios["order"] != "all").to_numpy()
    orders = ratios["order"][single].astype(int).to_numpy()
    last = orders.max() + 1.6
    places = raw["order"].replace("all", last).astype(float)
    permuted = tables.only(every, shows="chance").astype({"order": int}).sort_values("order")
    axis.plot(permuted["order"], 100 * permuted["estimate"], color=BLACK, linewidth=0.8, linestyle=DASHED)
    axis.plot(places, 100 * raw["estimate"], "o", color=GREY, markersize=3, markerfacecolor="none", markeredgewidth=0.7)
    marks.bars(axis, orders, percent[single], look)
    marks.bars(axis, np.array([last]), percent[~single], Look(look.label, "#000000", "D"), line=False)
    axis.axvline(last - 0.8, color=PALE, linewidth=0.5)
    step = max(1, -(-len(orders) // 5))
    axis.set_xticks([*orders[::step], last], [*map(str, orders[::step]), "all"])
    axis.set_xlim(orders.min() - 0.6, last + 0.7)


def _note(rows: pd.DataFrame, ratios: pd.DataFrame, published: tuple[float, float] | None, settings: Settings) -> str:
    samples = int(rows.groupby(["architecture", "target"])["sample"].nunique().max())
    bars = tables.interval_words(settings.confidence, "bootstrap interval", repeated=tables.repeated(rows))
    note = f"{tables.seeds(rows)}, {tables.count(samples, settings.sample)} each; {bars}. Hollow: without"
    methods = ", ".join(settings.cast[method].label for method in _beside(settings))
    note += f" normalising the models. Accuracies in percent: {methods}."
    if published:
        low, high = published
        note += f" Grey: {low:g} to {high:g} %, the range that arXiv:2410.08455 found over its settings."
    if (ratios["shows"] == "chance").any():
        note += " Dashed: the same after effects were permuted among sets of equal size, chance."
    absent = int(ratios["estimate"].isna().sum())
    return note + (f" {tables.count(absent, 'ratio')} not defined, for want of preserved knowledge." if absent else "")
