"""Accuracy on corrupted images and uneven forgetting along fine-tuning (Figs 5c, 6, 14 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, BLUE, GREEN, GREY, Look, looks

NEEDS = ("corrupted", "robustness", "layer_dynamics")
TAKES = ("published_dynamics", "published_growing")
KINDS = ("accuracy", "spread", "pearson_r")
_LABELS = ("accuracy", "spread of\nforgetting", "correlation")
_FIRST_LAYER = 2  # of the spread, as in the paper


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target: accuracies, spread, and their correlation with early steps left out."""
    model = given["robustness"]["model"].iloc[0]
    curves, published = _curves(given, model, settings), _published(given)
    cells = tables.cells(curves)
    figure, grid = canvas.page(
        settings,
        panels=len(cells) + (published is not None),
        kinds=len(KINDS),
        height=1.15,
        title=f"Corrupted images and uneven forgetting along training: {looks([model])[model].label}",
        note=_note(tables.only(given["robustness"], model=model), published, settings),
        handles=_handles(),
    )
    for cell, column in zip(cells, grid.axes, strict=False):
        _draw_column(column, tables.in_cell(curves, cell))
        column[0].set_title(tables.cell_title(cell))
    grid.label("training step, or first step kept", _LABELS)
    if published is not None:
        _draw_column(grid.axes[-1], published)
        grid.axes[-1][0].set_title("published: ViT-B/32", color=GREY)
        grid.axes[-1][-1].set_xlabel("epoch, or last epoch kept")
        for axis in grid.axes[-1]:
            axis.set_facecolor("#F2F2F2")
    for kind, (low, high) in enumerate([(-0.02, 1.04), (-0.005, None), (-1.05, 1.05)]):
        grid.share(kind, low=low, high=high)
    return figure, curves if published is None else pd.concat([curves, published], ignore_index=True)


def _curves(given: Mapping[str, Any], model: str, settings: Settings) -> pd.DataFrame:
    """Columns kind, severity (-1 where there is none), step, and the estimate with its bounds."""
    corrupted, robust, dynamics = (tables.only(given[name], model=model) for name in NEEDS)
    spread = spread_by_step(dynamics, settings.estimator)
    right = tables.only(robust, estimator=settings.estimator).rename(columns={"first_step": "step"})
    parts = [
        corrupted.rename(columns={"accuracy": "value"}).assign(kind="accuracy"),
        spread.assign(kind="spread", severity=-1),
        right.rename(columns={"pearson_r": "value"}).assign(kind="pearson_r", severity=-1),
    ]
    keys = ["architecture", "target", "kind", "severity", "step"]
    table = pd.concat([part[[*keys, "seed", "value"]] for part in parts]).dropna(subset="value")
    return tables.by_seed(table, keys, "value", settings.confidence).assign(origin="measured")


def spread_by_step(dynamics: pd.DataFrame, estimator: str) -> pd.DataFrame:
    """Standard deviation of forgetting over the layers from the second on, in the column value."""
    forgetting = tables.only(dynamics, metric="forgetting", estimator=estimator)
    deep = forgetting[forgetting["layer"] >= _FIRST_LAYER]
    run = ["architecture", "target", "seed", "model", "step"]
    return deep.groupby(run, sort=False)["value"].std(ddof=0).reset_index()


def _published(given: Mapping[str, Any]) -> pd.DataFrame | None:
    """The paper's curves for CIFAR-10: accuracies, the spread of its forgetting, its growing correlation."""
    if "published_dynamics" not in given or "published_growing" not in given:
        return None
    dynamics = tables.only(given["published_dynamics"], target_dataset="cifar10")
    deep = tables.only(dynamics, metric="forgetting")
    spread = deep[deep["layer"] >= _FIRST_LAYER].groupby("epoch")["value"].agg(["std", "size"])
    spread = spread[spread["size"] == spread["size"].max()]["std"].rename("value").reset_index()
    growing = tables.only(given["published_growing"], target_dataset="cifar10")
    parts = [
        tables.only(dynamics, metric="accuracy").assign(kind="accuracy"),
        spread.assign(kind="spread", severity=-1),
        growing.rename(columns={"n_epochs": "epoch", "pearson_r": "value"}).assign(
            kind="pearson_r", severity=-1
        ),
    ]
    table = pd.concat([part[["kind", "severity", "epoch", "value"]] for part in parts])
    named = table.rename(columns={"epoch": "step", "value": "estimate"})
    return named.assign(architecture="vit_base_patch32", target="cifar10", origin="published")


def _draw_column(column: np.ndarray, curves: pd.DataFrame) -> None:
    for kind, axis in zip(KINDS, column, strict=True):
        rows = tables.only(curves, kind=kind).sort_values("step")
        if kind == "accuracy":
            for severity in sorted(rows["severity"].unique()):
                part = tables.only(rows, severity=severity)
                axis.plot(part["step"], part["estimate"], color=_colour(severity), linewidth=1)
        else:
            _draw_line(axis, rows, Look(kind, BLUE if kind == "spread" else GREEN))
        if rows.empty:
            canvas.say_empty(axis, "too few checkpoints")
        marks.log_steps(axis, curves["step"].to_numpy())
        axis.tick_params(labelbottom=axis is column[-1])
    column[-1].axhline(0, color=BLACK, linewidth=0.6, zorder=1)


def _draw_line(axis: Axes, rows: pd.DataFrame, look: Look) -> None:
    bounds = rows.reindex(columns=["estimate", "low", "high"]).clip(-1, 1)
    if len(rows):
        marks.band(axis, rows["step"].to_numpy(), bounds, look)


def _colour(severity: float) -> Any:
    """Black for clean images, darker red the stronger the corruption."""
    return BLACK if severity == 0 else colormaps["YlOrRd"](0.25 + 0.14 * severity)


def _handles() -> list[Line2D]:
    lines = {"clean": BLACK, "severity 1": _colour(1), "severity 5": _colour(5)}
    handles = [Line2D([], [], color=colour, linewidth=1, label=label) for label, colour in lines.items()]
    return [*handles, Look("spread", BLUE).handle(), Look("correlation", GREEN).handle()]


def _note(rows: pd.DataFrame, published: pd.DataFrame | None, settings: Settings) -> str:
    bars = tables.interval_words(settings.confidence, "t-interval over seeds", repeated=tables.repeated(rows))
    note = (
        f"{tables.seeds(rows)}, mean, band: {bars}. Spread: standard deviation of forgetting over the layers from the "
        "second on. Correlation of both over checkpoints, mean over severities; control: checkpoints before the step "
        "on the axis are left out, so that what merely rises together early no longer counts."
    )
    return note + (
        " Grey panels: arXiv:2307.06006, Figs 5 and 14, CIFAR-10; its correlation is that of epochs 1 to the axis."
        if published is not None
        else ""
    )
