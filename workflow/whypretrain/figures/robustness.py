"""Accuracy on corrupted images and uneven forgetting along fine-tuning (Figs 5c, 6, 14 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.figures import canvas, marks, published, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, BLUE, GREEN, PURPLE, SHORT, Look
from whypretrain.statistics import pearson

KINDS = {"accuracy": "accuracy", "spread": "spread of\nforgetting", "correlation": "correlation"}
_LINES = {
    "spread": Look("spread", BLUE),
    "growing": Look("correlation up to the step", GREEN),
    "pearson_r": Look("correlation from the step on", PURPLE, "^", SHORT),
}
_FIRST_LAYER = 2  # of the spread, as in the paper


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target: accuracies, spread, and their correlation in windows of steps."""
    model = given["robustness"]["model"].iloc[0]
    curves = _curves(given, model, settings)
    theirs = _published(given, curves["target"], settings)
    cells, papers = tables.cells(curves), published.targets(theirs)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells), *map(published.title, papers)],
        kinds=len(KINDS),
        height=1.15,
        title=f"Corrupted images and uneven forgetting along training: {settings.cast[model].label}",
        note=_note(tables.only(given["robustness"], model=model), settings, theirs),
        handles=_handles(),
    )
    for cell, column in zip(cells, grid.axes, strict=False):
        _draw_column(column, tables.in_cell(curves, cell))
    grid.label("training step", list(KINDS.values()))
    for target, column in zip(papers, grid.axes[len(cells) :], strict=True):
        _draw_column(column, tables.only(theirs, target=target))
        published.mark(column, target)
        column[-1].set_xlabel("epoch")
    for kind, (low, high) in enumerate([(-0.02, 1.04), (-0.005, None), (-1.05, 1.05)]):
        grid.share(kind, low=low, high=high)
    return figure, published.with_theirs(curves, theirs, [*_KEYS, "estimate", "origin"])


_KEYS = ["architecture", "target", "kind", "severity", "step"]
_TABLES = ("corrupted", "robustness", "layer_dynamics")
_RUN = ["architecture", "target", "seed"]


def _curves(given: Mapping[str, Any], model: str, settings: Settings) -> pd.DataFrame:
    """Columns kind, severity (-1 where there is none), step, and the estimate with its bounds."""
    corrupted, robust, dynamics = (tables.only(given[name], model=model) for name in _TABLES)
    spread = spread_by_step(dynamics, settings.estimator)
    right = tables.only(robust, estimator=settings.estimator).rename(columns={"first_step": "step"})
    parts = [
        corrupted.rename(columns={"accuracy": "value"}).assign(kind="accuracy"),
        spread.assign(kind="spread", severity=-1),
        growing(spread, corrupted).assign(kind="growing", severity=-1),
        right.rename(columns={"pearson_r": "value"}).assign(kind="pearson_r", severity=-1),
    ]
    table = pd.concat([part[[*_KEYS, "seed", "value"]] for part in parts]).dropna(subset="value")
    return tables.by_seed(table, _KEYS, "value", settings.confidence)


def spread_by_step(dynamics: pd.DataFrame, estimator: str) -> pd.DataFrame:
    """Standard deviation of forgetting over the layers from the second on, in the column value."""
    forgetting = tables.only(dynamics, metric="forgetting", estimator=estimator)
    deep = forgetting[forgetting["layer"] >= _FIRST_LAYER]
    run = ["architecture", "target", "seed", "model", "step"]
    return deep.groupby(run, sort=False)["value"].std(ddof=0).reset_index()


def growing(spread: pd.DataFrame, corrupted: pd.DataFrame) -> pd.DataFrame:
    """Pearson's r of spread and accuracy over the checkpoints up to each step, mean over severities (Fig. 14).

    In the column value, from the third checkpoint after step 0 on; NaN where a series does not vary.
    """
    harmed = corrupted[(corrupted["severity"] > 0) & (corrupted["step"] > 0)]  # at step 0 the head is untrained
    accuracy = harmed.pivot_table("accuracy", [*_RUN, "step"], "severity")
    both = accuracy.join(spread.set_index([*_RUN, "step"])["value"], how="inner")
    rows = []
    for run, part in both.groupby(level=_RUN, sort=False):
        for count in range(3, len(part) + 1):
            window = part.iloc[:count]
            r = np.mean([pearson(window["value"], window[severity]) for severity in accuracy])
            rows.append((*run, window.index[-1][-1], r))
    return pd.DataFrame(rows, columns=[*_RUN, "step", "value"])


def _published(given: Mapping[str, Any], targets: Iterable[str], settings: Settings) -> pd.DataFrame:
    """The paper's curves: accuracies, the spread of its forgetting, its growing correlation."""
    dynamics = published.rows(given.get("published_dynamics"), settings, targets)
    growth = published.rows(given.get("published_growing"), settings, targets)
    if dynamics.empty or growth.empty:
        return dynamics[:0]
    deep = dynamics[(dynamics["metric"] == "forgetting") & (dynamics["layer"] >= _FIRST_LAYER)]
    spread = deep.groupby(["target", "epoch"])["value"].agg([_spread, "size"]).reset_index()
    spread = spread[spread["size"] == spread["size"].max()].rename(columns={"_spread": "value"})
    growth = growth.rename(columns={"n_epochs": "epoch", "pearson_r": "value"})
    parts = [
        tables.only(dynamics, metric="accuracy").assign(kind="accuracy"),
        spread.assign(kind="spread", severity=-1),
        growth.assign(kind="growing", severity=-1),
    ]
    table = pd.concat([part[["target", "kind", "severity", "epoch", "value"]] for part in parts])
    named = table.rename(columns={"epoch": "step", "value": "estimate"})
    return named.assign(architecture=published.ARCHITECTURE, origin="published")


def _spread(forgetting: pd.Series) -> float:
    return float(forgetting.std(ddof=0))


def _draw_column(column: np.ndarray, curves: pd.DataFrame) -> None:
    for kind, axis in zip(KINDS, column, strict=True):
        if kind == "accuracy":
            lines = tables.only(curves, kind=kind).sort_values("step")
            for severity in sorted(lines["severity"].unique()):
                part = tables.only(lines, severity=severity)
                axis.plot(part["step"], part["estimate"], color=_colour(severity), linewidth=1)
        for name in {"spread": ["spread"], "correlation": ["growing", "pearson_r"]}.get(kind, []):
            _draw_line(axis, tables.only(curves, kind=name).sort_values("step"), _LINES[name])
        if not axis.lines:
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
    return [*handles, *(look.handle() for look in _LINES.values())]


def _note(rows: pd.DataFrame, settings: Settings, theirs: pd.DataFrame) -> str:
    bars = tables.seed_words(rows, settings.confidence)
    note = (
        f"{tables.seeds(rows)}, mean, band: {bars}. Spread: standard deviation of forgetting over the layers from the "
        "second on. Correlation of both over checkpoints, mean over severities: up to the step, as in the paper; "
        "control: from the step on, so that what merely rises together early no longer counts."
    )
    return note + (
        "" if theirs.empty else " Grey panels: arXiv:2307.06006, Figs 5, 11, 13 and 14, ViT-B/32 from ImageNet."
    )
