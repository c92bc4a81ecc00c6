"""Row masses of the transport plans of the published selection study, sorted (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from whypretrain.figures import canvas, study, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, series_looks, words

_RULE = "uot"


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Row masses in falling order, over their mean: one panel a pre-training, one line a target."""
    table = given["study_masses"]
    table = table.assign(relative=table["score"] / table.groupby(study.PAIR)["score"].transform("mean"))
    styles = series_looks(table["target"])
    figure, grid = canvas.page(
        settings,
        panels=[words(name) for name in table["pretraining"].unique()],
        kinds=1,
        height=2.0,
        title="Row masses of the transport plan, sorted",
        note="Mass of a source class over the mean of all source classes; dotted: the last class chosen. "
        "A flat curve means that the plan hardly chooses.",
        handles=[look.handle() for look in styles.values()],
    )
    chosen = int(tables.only(given["study_summary"], rule=_RULE)["classes"].max())
    for (_, rows), axis in zip(table.groupby("pretraining", sort=False), grid.axes[:, 0], strict=True):
        for target, line in rows.groupby("target", sort=False):
            look = styles[str(target)]
            axis.plot(
                line["rank"],
                line["relative"],
                color=look.colour,
                linestyle=look.line,
                marker=look.marker,
                markevery=0.2,
            )
        axis.axvline(chosen, color=GREY, linestyle=":", linewidth=0.8)
        axis.set(xscale="log", yscale="log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_minor_locator(NullLocator())
        for scale in (axis.xaxis, axis.yaxis):
            scale.set_major_formatter("{x:g}")
    grid.label("rank of the source class", ["mass / mean"])
    return figure, table[[*study.PAIR, "rank", "score", "relative"]]
