"""Layer metrics and accuracy of a model while it is fine-tuned (Figs 5, 11, 12 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, GREY, looks

NEEDS = ("layer_dynamics",)
TAKES = ("published_dynamics",)
METRICS = {
    "forgetting": "forgetting",
    "learning": "learning",
    "cka_divergence": "CKA divergence",
    "accuracy": "accuracy",
}
_PUBLISHED = {
    "forgetting": "forgetting",
    "learning": "learning",
    "cka_divergence": "cka_div",
    "accuracy": "accuracy",
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row a metric, one line a layer; the published curves last."""
    followed = given["layer_dynamics"]["model"]
    model = settings.model if (followed == settings.model).any() else followed.iloc[0]
    table = tables.only(given["layer_dynamics"], model=model)
    rows = table[table["estimator"].isin([settings.estimator, "none"])]
    keys = ["architecture", "target", "metric", "layer", "step"]
    curves = tables.by_seed(rows, keys, "value", settings.confidence)
    metrics = {name: label for name, label in METRICS.items() if (curves["metric"] == name).any()}
    cells, published = tables.cells(curves), _published(given.get("published_dynamics"), metrics)
    figure, grid = canvas.page(
        settings,
        panels=len(cells) + (published is not None),
        kinds=len(metrics),
        height=1.15,
        title=f"Layers of the {looks([model])[model].label} model along its training",
        note=_note(rows, published, settings),
        handles=_handles(),
    )
    for cell, column in zip(cells, grid.axes, strict=False):
        _draw_column(column, tables.in_cell(curves, cell), metrics)
        column[0].set_title(tables.cell_title(cell))
    grid.label("training step", list(metrics.values()))
    if published is not None:
        _draw_column(grid.axes[-1], published, metrics)
        grid.axes[-1][0].set_title("published: ViT-B/32", color=GREY)
        grid.axes[-1][-1].set_xlabel("epoch")
        for axis in grid.axes[-1]:
            axis.set_facecolor("#F2F2F2")
    for kind, metric in enumerate(metrics):
        grid.share(kind, low=-0.02, high=1.04 if metric == "accuracy" else None)
    return figure, _shown(curves, published)


def _published(table: pd.DataFrame | None, metrics: Iterable[str]) -> pd.DataFrame | None:
    """The paper's curves for CIFAR-10 in our columns; its accuracies on clean images."""
    if table is None:
        return None
    names = {_PUBLISHED[mine]: mine for mine in metrics}
    chosen = (
        (table["target_dataset"] == "cifar10")
        & table["metric"].isin(names)
        & ((table["metric"] != "accuracy") | (table["severity"] == 0))
    )
    rows = table[chosen]
    if rows.empty:
        return None
    return pd.DataFrame(
        {
            "architecture": "vit_base_patch32",
            "target": rows["target_dataset"],
            "metric": rows["metric"].map(names),
            "layer": rows["layer"].fillna(0).astype(int),
            "step": rows["epoch"],
            "estimate": rows["value"],
        }
    ).sort_values(["metric", "layer", "step"])


def _draw_column(column: np.ndarray, curves: pd.DataFrame, metrics: Mapping[str, str]) -> None:
    for metric, axis in zip(metrics, column, strict=True):
        rows = tables.only(curves, metric=metric)
        last = int(rows["layer"].max()) if len(rows) else 0
        for layer in rows["layer"].unique():
            curve = tables.only(rows, layer=layer).sort_values("step")
            colour = _colour(int(layer), last)
            axis.plot(curve["step"], curve["estimate"], color=colour, linewidth=1, marker="o", markersize=1.6)
        if rows.empty:
            canvas.say_empty(axis)
        else:
            marks.log_steps(axis, rows["step"].to_numpy())
        axis.tick_params(labelbottom=axis is column[-1])


def _colour(layer: int, last: int) -> Any:
    """Dark for the first layer, light for the last; black for what belongs to no layer."""
    return BLACK if layer == 0 else colormaps["viridis"](0.9 * (layer - 1) / max(1, last - 1))


def _handles() -> list[Line2D]:
    places = {"first layer": (1, 3), "middle": (2, 3), "last layer": (3, 3), "whole model": (0, 3)}
    return [
        Line2D([], [], color=_colour(*place), marker="o", markersize=2, linewidth=1, label=label)
        for label, place in places.items()
    ]


def _shown(curves: pd.DataFrame, published: pd.DataFrame | None) -> pd.DataFrame:
    ours = curves.assign(origin="measured")
    return (
        ours
        if published is None
        else pd.concat([ours, published.assign(origin="published")], ignore_index=True)
    )


def _note(rows: pd.DataFrame, published: pd.DataFrame | None, settings: Settings) -> str:
    note = (
        f"{tables.seeds(rows)}, mean; linear CKA, {settings.estimator}. Every checkpoint is tested on the "
        "pre-trained model's inversions, self values of 1. Control: at step 0 nothing was tuned yet, and forgetting is "
        "what unfinished inversion alone gives."
    )
    return note + (
        " Grey panels: arXiv:2307.06006, Figs 5 and 12, ImageNet to CIFAR-10, 100 epochs."
        if published is not None
        else ""
    )
