"""Across the papers: accuracy, knowledge kept and invariances lost, side by side for every kind of model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.knowledge import main_rows, preserved_share
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import looks

NEEDS = ("runs", "knowledge", "layers")
TAKES = ()
MEASURES = {
    "accuracy": "accuracy / %",
    "preserved": "preserved\nshare / %",
    "forgetting": "forgetting in\nlate layers / %",
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One row of panels an architecture and target, one column a measure, one line a kind of model."""
    rows = main_rows(given["knowledge"], settings)
    late = _late(tables.some(given["layers"], "layers", estimator=settings.estimator), settings.late)
    shown = pd.concat(
        [_accuracy(given["runs"], settings), _preserved(rows, settings), _forgetting(late, settings)],
        ignore_index=True,
    )
    cells, styles = tables.cells(shown), looks(shown["method"])
    figure, body = canvas.canvas(
        settings,
        height=0.15 + len(cells) * (0.38 + 0.165 * len(styles)),
        title="Accuracy, knowledge kept and invariances lost, by kind of model",
        note=_note(given["runs"], rows, settings),
    )
    grid = body.subplots(len(cells), len(MEASURES), squeeze=False, sharex="col")
    for cell, line in zip(cells, grid, strict=True):
        here = tables.in_cell(shown, cell)
        for column, (measure, axis) in enumerate(zip(MEASURES, line, strict=True)):
            _draw_panel(axis, tables.only(here, measure=measure), styles, named=column == 0)
        line[0].set_title(tables.cell_title(cell))
    for axis, label in zip(grid[-1], MEASURES.values(), strict=True):
        axis.set_xlabel(label)
        marks.few_ticks(axis)
    return figure, shown


def _draw_panel(axis: Any, part: pd.DataFrame, styles: Mapping[str, Any], *, named: bool) -> None:
    for place, (method, look) in enumerate(styles.items()):
        for _, interval in tables.only(part, method=method).iterrows():
            marks.mean(axis, interval, place, look)
    marks.categories(axis, [look.label for look in styles.values()], shown=named)


def _accuracy(runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    means = tables.by_seed(
        runs.assign(percent=100 * runs["accuracy"]),
        ["architecture", "target", "method"],
        "percent",
        settings.confidence,
    )
    return means.assign(measure="accuracy")


def _preserved(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    found = []
    for (architecture, target, model), part in rows.groupby(["architecture", "target", "model"], sort=False):
        cell = (str(architecture), str(target))
        found.append(tables.row(cell, preserved_share(part, settings), method=model, measure="preserved"))
    return _percent(pd.DataFrame(found))


def _forgetting(late: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    keys = ["architecture", "target", "model"]
    means = tables.by_seed(late, keys, "forgetting", settings.confidence).rename(columns={"model": "method"})
    return _percent(means.assign(measure="forgetting"))


def _late(layers: pd.DataFrame, share: float) -> pd.DataFrame:
    """The last `share` of each architecture's layers, at least one."""
    last = layers.groupby("architecture")["layer"].transform("max")
    return layers[layers["layer"] > last - np.maximum(1, np.floor(last * share))]


def _percent(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{bound: 100 * table[bound] for bound in ("estimate", "low", "high")})


def _note(runs: pd.DataFrame, rows: pd.DataFrame, settings: Settings) -> str:
    bars = f"{100 * settings.confidence:g} % intervals over seeds (preserved share: hierarchical bootstrap)"
    if not tables.repeated(runs):
        bars = "no intervals from one seed"
    return (
        f"{tables.seeds(runs)}, {tables.count(int(rows['sample'].nunique()), 'image')}; {bars}. The linear "
        "probe is the pre-trained model. Preserved share: of its interaction strength (arXiv:2410.08455). "
        "Forgetting: 1 - STIR against it, mean over the last "
        f"{100 * settings.late:g} % of layers, linear CKA, {settings.estimator} (arXiv:2307.06006)."
    )
