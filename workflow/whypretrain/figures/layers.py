"""Forgetting, learning and CKA divergence of every layer, with controls (Figs 1 to 3 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, GREY, SOLID, Look, looks

NEEDS = ("layers",)
TAKES = ("published_layers",)
METRICS = {"forgetting": "forgetting", "learning": "learning", "cka_divergence": "CKA divergence"}
# Values of STIR whose complement is the forgetting found for no change / no inversion / no relation at all.
CONTROLS: dict[str, tuple[Any, str]] = {
    "self_pre": (SOLID, "model with itself"),
    "seed_level": ((0, (1, 1)), "starting noise"),
    "permuted": ((0, (6, 2)), "shuffled images"),
}
_PUBLISHED = {"forgetting": "forgetting", "learning": "learning", "cka_divergence": "cka_div"}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row a metric; the published curve in a column of its own."""
    rows = tables.some(given["layers"], "layers", estimator=settings.estimator)
    curves, published = _curves(rows, settings), _published(given.get("published_layers"))
    cells, styles = tables.cells(rows), looks(rows["model"])
    figure, grid = canvas.page(
        settings,
        panels=len(cells) + (published is not None),
        kinds=len(METRICS),
        height=1.3,
        title="Forgetting, learning and CKA divergence of every layer",
        note=_note(rows, published, settings),
        handles=[*(look.handle() for look in styles.values()), *_control_handles()],
    )
    for cell, column in zip(cells, grid.axes, strict=False):
        here = tables.in_cell(curves, cell)
        _draw_controls(column[0], here)
        for metric, axis in zip(METRICS, column, strict=True):
            _draw_metric(axis, tables.only(here, metric=metric), styles)
        column[0].set_title(tables.cell_title(cell))
        for axis in column[:-1]:
            axis.tick_params(labelbottom=False)
    grid.label("layer", list(METRICS.values()))
    if published is not None:
        _draw_published(grid.axes[-1], published)
    for kind in range(len(METRICS)):
        grid.share(kind, low=-0.04)
    return figure, _shown(curves, published)


def _curves(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    keys = ["architecture", "target", "model", "layer"]
    controls = rows.assign(**{name: 1 - rows[name] for name in CONTROLS})
    parts = [
        tables.by_seed(controls, keys, name, settings.confidence).assign(metric=name)
        for name in (*METRICS, *CONTROLS)
    ]
    return pd.concat(parts, ignore_index=True)


def _published(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """The paper's curves for classifying CIFAR-10 after ImageNet, and from scratch."""
    if table is None:
        return None
    kept = tables.only(table, target_dataset="cifar10", task="classification")
    kept = kept[kept["pretraining"].isin(["imagenet", "random"])]
    return kept if len(kept) else None


def _draw_metric(axis: Axes, curves: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    for model, look in styles.items():
        part = tables.only(curves, model=model).sort_values("layer")
        if len(part):
            marks.band(axis, part["layer"].to_numpy(), part[["estimate", "low", "high"]].clip(-1, 2), look)
    last = int(curves["layer"].max())
    axis.set_xticks(np.arange(1, last + 1, max(1, -(-last // 6))))
    axis.set_xlim(0.7, last + 0.3)


def _draw_controls(axis: Axes, curves: pd.DataFrame) -> None:
    """What forgetting would be at its floor and at chance, as thin lines: means over models and seeds."""
    for name, (line, _) in CONTROLS.items():
        level = tables.only(curves, metric=name).groupby("layer")["estimate"].mean()
        axis.plot(level.index, level, color=BLACK, linewidth=0.7, linestyle=line, zorder=1)


def _control_handles() -> list[Line2D]:
    return [
        Line2D([], [], color=BLACK, linewidth=0.7, linestyle=line, label=f"control: {name}")
        for line, name in CONTROLS.values()
    ]


def _draw_published(column: np.ndarray, published: pd.DataFrame) -> None:
    styles = {"imagenet": looks(["finetune"])["finetune"], "random": looks(["scratch"])["scratch"]}
    for metric, axis in zip(METRICS, column, strict=True):
        part = tables.only(published, metric=_PUBLISHED[metric])
        for pretraining, look in styles.items():
            curve = tables.only(part, pretraining=pretraining).sort_values("layer")
            depth = curve["layer"] / part["layer"].max()
            axis.plot(depth, curve["value"], color=look.colour, linestyle=look.line, linewidth=1)
        axis.set_facecolor("#F2F2F2")
        axis.set_xlim(0, 1.03)
        axis.set_xticks([0, 0.5, 1], ["0", "0.5", "1"] if axis is column[-1] else [""] * 3)
    column[0].set_title("published: ViT-B/32", color=GREY)
    column[-1].set_xlabel("relative depth")


def _shown(curves: pd.DataFrame, published: pd.DataFrame | None) -> pd.DataFrame:
    ours = curves.assign(origin="measured")
    if published is None:
        return ours
    names = {theirs: mine for mine, theirs in _PUBLISHED.items()}
    theirs = pd.DataFrame(
        {
            "architecture": "vit_base_patch32",
            "target": published["target_dataset"],
            "model": published["pretraining"].map({"imagenet": "finetune", "random": "scratch"}),
            "layer": published["layer"],
            "estimate": published["value"],
            "metric": published["metric"].map(names),
            "origin": "published",
        }
    )
    return pd.concat([ours, theirs], ignore_index=True)


def _note(rows: pd.DataFrame, published: pd.DataFrame | None, settings: Settings) -> str:
    bars = tables.interval_words(settings.confidence, "t-interval over seeds", repeated=tables.repeated(rows))
    note = (
        f"{tables.seeds(rows)}; line: mean, band: {bars}; linear CKA, {settings.estimator}. Thin lines: "
        "forgetting that would be found for the pre-trained model itself (floor), for the noise that "
        "inversion starts from, and for shuffled pairs (chance)."
    )
    return note + (
        " Grey panels: arXiv:2307.06006, Figs 1 to 3, ImageNet to CIFAR-10; its model from scratch "
        "is compared with its own random start, as ours named so; all others with the pre-trained model."
        if published is not None
        else ""
    )
