"""Birds among the classes chosen for CUB in the published selection study (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from whypretrain.figures import canvas, study, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, series_looks

_SETTINGS = {"classes": "classes chosen", "temperature": "temperature / cosine cost"}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Birds among the classes chosen for CUB, against the number of classes and the temperature."""
    table = tables.only(given["study_sensitivity"], target="CUB")
    table = table[table["setting"].isin(["classes", "temperature"])]
    styles = series_looks(table["pretraining"])
    figure, grid = canvas.page(
        settings,
        panels=["", ""],
        kinds=1,
        height=2.0,
        title="Birds among the source classes chosen for CUB-200",
        note="Unbalanced transport. Dashed: every chosen class a bird, up to all there are; dotted: by chance.",
        handles=[look.handle() for look in styles.values()],
    )
    total = _total_birds(given["study_concepts"])
    for setting, axis in zip(("classes", "temperature"), grid.axes[:, 0], strict=True):
        rows = tables.only(table, setting=setting)
        if rows.empty:
            canvas.say_empty(axis, "no class means of CUB")
            continue
        for name, line in rows.groupby("pretraining", sort=False):
            look = styles[str(name)]
            axis.plot(line["value"], line["birds"], color=look.colour, marker=look.marker, linestyle=look.line)
        _draw_bounds(axis, rows, total)
        axis.set(xscale="log", xlabel=_SETTINGS[setting], ylim=(0, None))
        values = sorted(rows["value"].unique())
        axis.set_xticks(values, [f"{value:g}" for value in values])
        axis.xaxis.set_minor_locator(NullLocator())
    grid.axes[0, 0].set_ylabel("birds")
    return figure, table[["pretraining", "target", "setting", "value", "classes", "birds"]]


def _total_birds(concepts: pd.DataFrame) -> tuple[int, int]:
    """How many source classes are birds, and how many source classes there are."""
    rows = study.in_pair(concepts, study.pairs(concepts)[0])
    rows = tables.only(rows, rule=rows["rule"].iloc[0])
    return int(tables.only(rows, concept="bird")["classes"].sum()), int(rows["classes"].sum())


def _draw_bounds(axis: Axes, rows: pd.DataFrame, total: tuple[int, int]) -> None:
    found = rows.drop_duplicates("value").sort_values("value")
    chosen = found["classes"].to_numpy(float)
    axis.plot(found["value"], np.minimum(chosen, total[0]), color=GREY, linestyle="--", linewidth=0.8)
    axis.plot(found["value"], chosen * total[0] / total[1], color=GREY, linestyle=":", linewidth=0.8)
