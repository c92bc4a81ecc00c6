"""Whether what scratch lacks goes with what fine-tuning gains, and what scratch alone knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.knowledge import main_rows
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import Look, looks
from whypretrain.figures.wording import span

_COLOURS, _MARKERS = ("#0072B2", "#E69F00", "#009E73", "#000000", "#CC79A7"), "os^Dv"


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Left: the accuracy gap over the ratio r, one point a run; right: knowledge that one of the two lacks."""
    rows = main_rows(given["knowledge"], settings, model=settings.model)
    runs = _runs(rows, given["runs"], settings)
    alone = _alone(given["controls"], settings)
    cells = tables.cells(rows)
    styles = {
        cell: Look(tables.cell_title(cell), _COLOURS[index % 5], _MARKERS[index % 5])
        for index, cell in enumerate(cells)
    }
    narrow = settings.columns == "one"
    figure, body = canvas.canvas(
        settings,
        height=max(1.7, 0.6 + 0.3 * len(cells)) * (2 if narrow else 1),
        title=_title(alone, settings),
        note=_note(rows, runs, settings),
        handles=[look.handle(line=False) for look in styles.values()],
    )
    left, right = body.subplots(2, 1) if narrow else body.subplots(1, 2)
    for cell, look in styles.items():
        part = tables.in_cell(runs, cell)
        left.plot(part["ratio"], part["gap"], look.marker, color=look.colour, markersize=4, clip_on=False)
    left.axhline(0, color="#B3B3B3", linewidth=0.5)
    left.set(xlabel="ratio r / %", ylabel="accuracy gap / points")
    _draw_alone(right, alone, cells, settings)
    return figure, pd.concat([runs.assign(shows="run"), alone.assign(shows="alone")], ignore_index=True)


def _title(alone: pd.DataFrame, settings: Settings) -> str:
    """How much of either model's knowledge the other lacks."""
    model, scratch = settings.model, settings.method(Role.SCRATCH)
    lacks, other = (span(tables.only(alone, model=name)["estimate"]) for name in (model, scratch))
    label = settings.cast[model].label
    return f"Training from scratch lacks {lacks} % of what the {label} model knows; the other way {other} %"


def correlation(runs: pd.DataFrame) -> float:
    """Pearson correlation of the ratio and the accuracy gap over runs; NaN with fewer than three."""
    pair = runs[["ratio", "gap"]].dropna()
    if len(pair) < 3 or (pair.std() == 0).any():
        return float("nan")
    return float(np.corrcoef(pair["ratio"], pair["gap"])[0, 1])


def _runs(rows: pd.DataFrame, runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Ratio r and accuracy gap of each run, in percent and points."""
    keys = ["architecture", "target", "seed"]
    sums = rows.groupby(keys)[["scratch_shared", "preserved"]].sum(min_count=1)
    accuracy = 100 * runs.pivot_table("accuracy", keys, "method")
    gap = accuracy.get(settings.model, np.nan) - accuracy.get(settings.method(Role.SCRATCH), np.nan)
    ratio = 100 * sums["scratch_shared"] / sums["preserved"]
    return pd.DataFrame({"ratio": ratio, "gap": gap}).reset_index()


def _alone(controls: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Shares of either model's knowledge that the other lacks, in percent."""
    model, scratch = settings.model, settings.method(Role.SCRATCH)
    pairs = tables.only(controls, kind=f"{model}_vs_{scratch}")
    lacking = {model: 1 - pairs["share"], scratch: pairs["new_share"]}
    seeded = pairs.assign(seed=pairs["seed_a"])  # both of a pair are of one seed, so that pairs share no model
    parts = [
        tables.by_seed(
            seeded.assign(percent=100 * share), ["architecture", "target"], "percent", settings.confidence
        ).assign(model=model)
        for model, share in lacking.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _draw_alone(axis: Axes, alone: pd.DataFrame, cells: list[tuple[str, str]], settings: Settings) -> None:
    pair = (settings.model, settings.method(Role.SCRATCH))
    styles = looks(pair, settings)
    for place, cell in enumerate(cells):
        for shift, model in zip((-0.15, 0.15), pair, strict=True):
            for _, interval in tables.only(tables.in_cell(alone, cell), model=model).iterrows():
                marks.mean(axis, interval, place + shift, styles[model])
    marks.categories(axis, [tables.cell_title(cell) for cell in cells])
    axis.set_xlim(0, 100)
    axis.set_xlabel("knowledge that the other lacks / %")
    if alone.empty:
        canvas.say_empty(axis)
    else:
        handles = [styles[model].handle(line=False) for model in pair]
        axis.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), fontsize=6, ncols=2)


def _note(rows: pd.DataFrame, runs: pd.DataFrame, settings: Settings) -> str:
    name = settings.cast[settings.model].label
    first, second = ("Above", "Below") if settings.columns == "one" else ("Left", "Right")
    return (
        f"{tables.seeds(rows)}. {first}: ratio r, the part of the preserved knowledge that scratch has, and accuracy of"
        f" the {name} model minus that of scratch, a point each run; {within_settings(runs)}."
        f" {second}: part of the knowledge of the {name} model that scratch lacks, and of scratch that the {name} model"
        f" lacks; {100 * settings.confidence:g} % t-interval over seeds."
    )


def within_settings(runs: pd.DataFrame) -> str:
    """What to say about the correlation: that within settings, as over all runs it would be that of the settings."""
    found = [correlation(tables.in_cell(runs, cell)) for cell in tables.cells(runs)]
    known = [r for r in found if np.isfinite(r)]
    if not known:
        return "no Pearson correlation with fewer than three runs a setting"
    return (
        f"Pearson correlation within each of {tables.count(len(known), 'setting')} of {tables.seeds(runs)}: "
        f"mean {np.mean(known):+.2f}, from {min(known):+.2f} to {max(known):+.2f}"
    )
