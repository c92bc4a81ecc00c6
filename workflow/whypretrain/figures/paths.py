"""Where training starts, how fast it leaves what pre-training gave, and how directly it arrives, by agreement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, degrees, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import PALE, Look, looks
from whypretrain.figures.wording import listed, span

_ROWS = {  # towards, degree: label
    ("final", degrees.ALL): "to the end,\nall degrees",
    ("final", "2"): "to the end,\ndegree 2",
    ("pretrained", degrees.ALL): "to pre-trained,\nall degrees",
    ("pretrained", "2"): "to pre-trained,\ndegree 2",
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row of panels a model that checkpoints are compared with."""
    rows = degrees.of_degrees(given["agreement_dynamics"]).dropna(subset="agreement")
    curves = _curves(rows, settings)
    cells, styles = tables.cells(curves), looks(curves["method"], settings)
    there = [key for key in _ROWS if len(tables.only(curves, towards=key[0], degree=key[1]))]
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=len(there),
        height=1.15,
        handles=[look.handle() for look in styles.values()],
        title=_title(curves, settings),
        note=_note(rows, settings),
    )
    for cell, column in zip(cells, grid.axes, strict=True):
        for (towards, degree), axis in zip(there, column, strict=True):
            _draw_panel(axis, tables.only(tables.in_cell(curves, cell), towards=towards, degree=degree), styles)
            axis.tick_params(labelbottom=axis is column[-1])
    grid.label("fraction of the run", [_ROWS[key] for key in there])
    lowest = degrees.lowest(curves[curves["degree"].isin([degree for _, degree in there])])
    for kind in range(len(there)):
        grid.share(kind, low=lowest, high=1)
    return figure, curves


def _title(curves: pd.DataFrame, settings: Settings) -> str:
    """How much of the pre-trained function each method has at the end."""
    ends = tables.only(curves, towards="pretrained", degree=degrees.ALL, fraction=1.0)
    found = {method: tables.only(ends, method=method)["estimate"] for method in ends["method"].unique()}
    said = [f"{settings.cast[method].label} {span(values, 2)}" for method, values in found.items()]
    return (
        f"Agreement with the pre-trained model at the end of training: {listed(said)}"
        if said
        else "Paths through training"
    )


def _curves(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    keys = ["architecture", "target", "method", "towards", "degree", "step"]
    curves = degrees.by_seed(rows, keys, settings.confidence)
    last = curves.groupby(["architecture", "target", "method"])["step"].transform("max")
    return curves.assign(fraction=curves["step"] / last.clip(lower=1))


def _draw_panel(axis: Axes, curves: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    axis.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    shown = curves[(curves["towards"] != "final") | (curves["fraction"] < 1)]
    for method, look in styles.items():
        part = tables.only(shown, method=method).sort_values("fraction")
        if len(part):
            marks.band(axis, part["fraction"].to_numpy(), part[["estimate", "low", "high"]].clip(-1, 1), look)
    if shown.empty:
        canvas.say_empty(axis)
    else:
        marks.log_steps(axis, curves["fraction"].to_numpy())


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    bars = degrees.words(rows, settings.confidence, settings.sample)
    return (
        f"{tables.seeds(rows)}; mean over seeds, band: {bars}. Agreement of a checkpoint with the end of its run, "
        "where it is 1 by construction and not drawn, and with the pre-trained model, whose head fine-tuning does not "
        "start from; line: 0, chance from degree 2 on. The axis is logarithmic from the first checkpoint on; training "
        "from scratch may take more steps than fine-tuning."
    )
