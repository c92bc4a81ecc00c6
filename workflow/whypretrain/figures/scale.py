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
from whypretrain.figures.wording import listed

ALL = "all"  # architecture and target of rows over all runs
_LIMITS = (-0.5, 1.5)  # of the axis


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target, one over all runs where there is one of each; one line a metric."""
    table = given["scale"]
    single = table[table["architecture"] != ALL]
    shown = (single if len(single) else table).rename(columns={"excess": "estimate"})
    cells, styles = tables.cells(shown), looks(shown["model"], settings)
    metrics = list(dict.fromkeys(shown.dropna(subset="estimate")["metric"]))
    across = min(2, len(cells))
    figure, body = canvas.canvas(
        settings,
        height=0.3 + len(cells) * (0.35 + 0.3 * max(1, len(metrics))) / across,
        title=_title(shown, settings),
        note=_note(shown, settings),
        handles=[look.handle(line=False) for look in styles.values()],
    )
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
                marks.mean(axis, interval, place + (number - (len(styles) - 1) / 2) * step, look, _LIMITS)
    marks.categories(axis, metrics, shown=named)
    axis.set_xlim(*_LIMITS)
    axis.set_xticks([0, 1], ["floor", "ceiling"])
    if not metrics:
        canvas.say_empty(axis, "no ceiling")


def _title(shown: pd.DataFrame, settings: Settings) -> str:
    """Of how many metrics each kind of model is above the floor in every panel."""
    known = shown.dropna(subset="low")
    if known.empty:
        return "No metric has both a floor and a ceiling in this experiment"
    total = known["metric"].nunique()
    above = (known["low"] > 0).groupby([known["model"], known["metric"]]).all().groupby("model").sum()
    said = [f"{settings.cast[model].label} on {above[model]}" for model in looks(known["model"], settings)]
    return f"Above the floor on {tables.count(total, 'metric')}: {listed(said)}"


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    measured = rows[rows["metric"].isin(rows.dropna(subset="estimate")["metric"])].drop_duplicates("metric")
    ends = measured.groupby(["floor_is", "ceiling_is"], sort=False)["metric"]
    said = [f" Floor {floor}, ceiling {ceiling}: {'; '.join(names)}." for (floor, ceiling), names in ends]
    lacking = dict.fromkeys(rows[~rows["metric"].isin(measured["metric"])]["metric"])
    missing = f" Without a ceiling here: {'; '.join(lacking)}." if lacking else ""
    seeds = tables.count(int(rows["n_seeds"].max()), "seed")
    return (
        f"Fieller's {100 * settings.confidence:g} % intervals over {seeds}; above the floor: in every panel."
        f"{''.join(said)}{missing}{marks.beyond(rows, _LIMITS)}"
    )
