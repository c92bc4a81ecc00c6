"""Forgetting, learning and CKA divergence of every layer, with controls (Figs 1 to 3 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, published, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, SOLID, Look, looks
from whypretrain.figures.wording import span

METRICS = {"forgetting": "forgetting", "learning": "learning", "cka_divergence": "CKA divergence"}
# Values of STIR whose complement is what the metric shows for no change / no inversion / no relation at all.
CONTROLS: dict[str, tuple[str, Any, str]] = {
    "self_pre": ("forgetting", SOLID, "model with itself"),
    "self_tuned": ("learning", SOLID, "model with itself"),
    "seed_level": ("forgetting", (0, (1, 1)), "starting noise"),
    "seed_level_learning": ("learning", (0, (1, 1)), "starting noise"),
    "permuted": ("forgetting", (0, (6, 2)), "shuffled images"),
    "permuted_learning": ("learning", (0, (6, 2)), "shuffled images"),
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row a metric; the published curves in columns of their own."""
    rows = tables.some(given["layers"], "layers", estimator=settings.estimator)
    curves = _curves(rows, settings)
    theirs = published.rows(given.get("published_layers"), settings, rows["target"], rows["model"])
    cells, papers = tables.cells(rows), published.targets(theirs)
    styles = looks([*rows["model"], *theirs["model"]], settings)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells), *map(published.title, papers)],
        kinds=len(METRICS),
        height=1.3,
        title=_title(curves, settings),
        note=_note(rows, settings, theirs),
        handles=[*(look.handle() for look in styles.values()), *_control_handles()],
    )
    for cell, column in zip(cells, grid.axes, strict=False):
        here = tables.in_cell(curves, cell)
        for metric, axis in zip(METRICS, column, strict=True):
            _draw_controls(axis, here, metric)
            _draw_metric(axis, tables.only(here, metric=metric), styles)
        for axis in column[:-1]:
            axis.tick_params(labelbottom=False)
    grid.label("layer", list(METRICS.values()))
    for target, column in zip(papers, grid.axes[len(cells) :], strict=True):
        _draw_published(column, tables.only(theirs, target=target), styles)
        published.mark(column, target)
    for kind in range(len(METRICS)):
        grid.share(kind, low=-0.04)
    theirs = theirs.rename(columns={"value": "estimate"})
    keys = ["architecture", "target", "model", "layer", "estimate", "metric", "origin"]
    return figure, published.with_theirs(curves, theirs, keys)


def _title(curves: pd.DataFrame, settings: Settings) -> str:
    """What the fine-tuned model forgot in the first and in the last layer, over all panels."""
    model = settings.cast.roles.get(Role.FINETUNE)
    forgotten = tables.only(curves, metric="forgetting", model=model).dropna(subset="estimate")
    if forgotten.empty:
        return "What each layer forgot and learned"
    ends = forgotten.sort_values("layer").groupby(["architecture", "target"])["estimate"]
    first, last = (span(values, 2) for values in (ends.first(), ends.last()))
    return f"Fine-tuning forgets {first} in the first layer, {last} in the last"


def _curves(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    keys = ["architecture", "target", "model", "layer"]
    controls = rows.assign(**{name: 1 - rows[name] for name in CONTROLS})
    parts = [
        tables.by_seed(controls, keys, name, settings.confidence).assign(metric=name) for name in (*METRICS, *CONTROLS)
    ]
    return pd.concat(parts, ignore_index=True)


def _draw_metric(axis: Axes, curves: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    for model, look in styles.items():
        part = tables.only(curves, model=model).sort_values("layer")
        if len(part):
            marks.band(axis, part["layer"].to_numpy(), part[["estimate", "low", "high"]].clip(-1, 2), look)
    last = int(curves["layer"].max())
    axis.set_xticks(np.arange(1, last + 1, max(1, -(-last // 6))))
    axis.set_xlim(0.7, last + 0.3)


def _draw_controls(axis: Axes, curves: pd.DataFrame, metric: str) -> None:
    """What the metric would be at its floor and at chance, as thin lines: means over models and seeds."""
    for name, (shown_in, line, _) in CONTROLS.items():
        if shown_in == metric:
            level = tables.only(curves, metric=name).groupby("layer")["estimate"].mean()
            axis.plot(level.index, level, color=BLACK, linewidth=0.7, linestyle=line, zorder=1)


def _control_handles() -> list[Line2D]:
    lines = {name: line for _, line, name in CONTROLS.values()}
    return [
        Line2D([], [], color=BLACK, linewidth=0.7, linestyle=line, label=f"control: {name}")
        for name, line in lines.items()
    ]


def _draw_published(column: np.ndarray, theirs: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    for metric, axis in zip(METRICS, column, strict=True):
        for model, look in styles.items():
            curve = tables.only(theirs, metric=metric, model=model).sort_values("layer")
            depth = curve["layer"] / theirs["layer"].max()
            axis.plot(depth, curve["value"], color=look.colour, linestyle=look.line, linewidth=1)
        axis.set_xlim(0, 1.03)
        axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"] if axis is column[-1] else [""] * 3)
    column[-1].set_xlabel("relative depth")


def _note(rows: pd.DataFrame, settings: Settings, theirs: pd.DataFrame) -> str:
    bars = tables.measured_words(rows, "forgetting", settings.confidence)
    note = (
        f"{tables.seeds(rows)}; line: mean, band: {bars}; linear CKA, {settings.estimator}. Thin lines, means over "
        "models: what would be found for the inverted model itself (floor), for the noise that inversion starts from, "
        "and for shuffled pairs (chance)."
    )
    return note + (
        ""
        if theirs.empty
        else " Grey panels: arXiv:2307.06006, Figs 1 to 3 and 7 to 9, ViT-B/32 from ImageNet; a model from scratch "
        "against its own start is compared with its random weights, all others with the pre-trained model."
    )
