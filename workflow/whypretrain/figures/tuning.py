"""How the settings of a method were chosen on held-out training images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import looks, words

SHORT = {
    "source_classes": "K", "source_weight": "λ", "source_ratio": "μ", "learning_rate": "rate", "weight_decay": "decay",
}  # fmt: skip
_RUN = ["architecture", "target", "method", "seed"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Accuracy on held-out training images of every combination of settings tried, and how often it was chosen."""
    trials = given["tuning"]
    trials = trials.assign(tried=_tried(trials), percent=100 * trials["accuracy"])
    by_run = trials.groupby([*_RUN, "tried", "chosen"], sort=False)["percent"].mean().reset_index()
    means = tables.by_seed(by_run, [*_RUN[:3], "tried"], "percent", settings.confidence)
    counts = by_run.groupby([*_RUN[:3], "tried"], sort=False)["chosen"].sum().reset_index()
    shown, styles, cells = means.merge(counts), looks(trials["method"], settings), tables.cells(trials)
    rows = list(trials[["method", "tried"]].drop_duplicates().itertuples(index=False, name=None))
    bars = tables.seed_words(trials, settings.confidence)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=0.5 + 0.19 * len(rows),
        title="Settings tried on held-out training images, and those chosen",
        note=f"{tables.seeds(trials)}; hollow: each seed; filled: mean; line: {bars}; on the right, for how many seeds "
        f"the setting was chosen. Test images have no part in it. "
        f"{tables.extent(trials.groupby([*_RUN, 'trial'])['held_out'].sum())} training images judge a setting.",
    )
    labels = [f"{styles[method].label.removesuffix(', settings chosen')}: {tried}" for method, tried in rows]
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        for place, (method, tried) in enumerate(rows):
            seeds = tables.only(tables.in_cell(by_run, cell), method=method, tried=tried)
            marks.dots(axis, seeds["percent"].to_numpy(), place, styles[method])
            for _, found in tables.only(tables.in_cell(shown, cell), method=method, tried=tried).iterrows():
                marks.mean(axis, found, place, styles[method])
                marks.at_the_right(axis, place, str(int(found["chosen"])))
        marks.categories(axis, labels, shown=grid.is_first(index))
        marks.few_ticks(axis)
        axis.set_xlabel("held-out accuracy / %")
    return figure, shown


def _tried(trials: pd.DataFrame) -> list[str]:
    """Of each row the settings that its method tries: `λ 0.1, μ 1`."""
    settings = [name for name in trials if name not in {*_RUN, "trial", "fold", "held_out", "accuracy", "chosen"}]
    named = [SHORT.get(str(name), words(str(name))) for name in settings]
    return [
        ", ".join(f"{name} {value:g}" for name, value in zip(named, row, strict=True) if pd.notna(value))
        for row in trials[settings].to_numpy()
    ]
