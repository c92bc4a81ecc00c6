"""Layer metrics and accuracy of a model while it is fine-tuned (Figs 5, 11, 12 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, published, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, Look
from whypretrain.figures.wording import span

METRICS = {
    "forgetting": "forgetting",
    "learning": "learning",
    "cka_divergence": "CKA divergence",
    "accuracy": "accuracy",
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row a metric, one line a layer; published curves last."""
    followed = given["layer_dynamics"]["model"]
    finetuned = settings.cast.roles.get(Role.FINETUNE, "")
    model = finetuned if (followed == finetuned).any() else str(followed.iloc[0])
    table = tables.only(given["layer_dynamics"], model=model)
    rows = table[table["estimator"].isin([settings.estimator, "none"])]
    keys = ["architecture", "target", "metric", "layer", "step"]
    curves = tables.by_seed(rows, keys, "value", settings.confidence)
    metrics = {name: label for name, label in METRICS.items() if (curves["metric"] == name).any()}
    theirs = _published(given.get("published_dynamics"), curves["target"], metrics, settings)
    cells, papers = tables.cells(curves), published.targets(theirs)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells), *map(published.title, papers)],
        kinds=len(metrics),
        height=1.15,
        title=_title(curves, settings.cast[model].label),
        note=_note(rows, settings, theirs),
        handles=_handles(),
    )
    for cell, column in zip(cells, grid.axes, strict=False):
        _draw_column(column, tables.in_cell(curves, cell), metrics)
    grid.label("training step", list(metrics.values()))
    for target, column in zip(papers, grid.axes[len(cells) :], strict=True):
        _draw_column(column, tables.only(theirs, target=target), metrics)
        published.mark(column, target)
        column[-1].set_xlabel("epoch")
    for kind, metric in enumerate(metrics):
        grid.share(kind, low=-0.02, high=1.04 if metric == "accuracy" else None)
    return figure, published.with_theirs(curves, theirs, [*keys, "estimate", "origin"])


def _title(curves: pd.DataFrame, label: str) -> str:
    """When the mean over layers of what is forgotten is largest."""
    means = tables.only(curves, metric="forgetting").groupby(["architecture", "target", "step"])["estimate"].mean()
    known = means.dropna().reset_index()
    if known.empty:
        return f"Layers of the {label} model along its training"
    runs = [part.set_index("step")["estimate"] for _, part in known.groupby(["architecture", "target"])]
    peaks = [100 * float(part.index[int(part.argmax())]) / max(1, part.index.max()) for part in runs]
    if min(peaks) == 100:
        return f"The {label} model forgets more and more to the end of its training"
    return f"The {label} model has forgotten most after {span(peaks)} % of its training"


def _published(
    table: pd.DataFrame | None, targets: Iterable[str], metrics: Iterable[str], settings: Settings
) -> pd.DataFrame:
    """The paper's curves in our columns; its accuracies on clean images."""
    rows = published.rows(table, settings, targets)
    if rows.empty:
        return rows
    clean = (rows["metric"] != "accuracy") | (rows["severity"] == 0)
    rows = rows[rows["metric"].isin(set(metrics)) & clean].rename(columns={"epoch": "step", "value": "estimate"})
    rows = rows.assign(layer=rows["layer"].fillna(0).astype(int), low=np.nan, high=np.nan)
    return rows.sort_values(["metric", "layer", "step"])


def _draw_column(column: np.ndarray, curves: pd.DataFrame, metrics: Mapping[str, str]) -> None:
    for metric, axis in zip(metrics, column, strict=True):
        rows = tables.only(curves, metric=metric)
        last = int(rows["layer"].max()) if len(rows) else 0
        for layer in rows["layer"].unique():
            curve = tables.only(rows, layer=layer).sort_values("step")
            bounds = curve[["estimate", "low", "high"]].clip(-1, 1)
            look = Look("", _colour(int(layer), last))
            marks.band(axis, curve["step"].to_numpy(), bounds, look, thin=True)
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


def _note(rows: pd.DataFrame, settings: Settings, theirs: pd.DataFrame) -> str:
    bars = tables.measured_words(rows, "value", settings.confidence)
    note = (
        f"{tables.seeds(rows)}; line: mean, band: {bars}; linear CKA, {settings.estimator}. Every checkpoint is "
        "tested on the pre-trained model's inversions, self values of 1. Control: at step 0 nothing was tuned yet, and "
        "forgetting is what unfinished inversion alone gives."
    )
    return note + (
        ""
        if theirs.empty
        else " Grey panels: arXiv:2307.06006, Figs 5 and 11 to 13, ViT-B/32 from ImageNet, 100 epochs."
    )
