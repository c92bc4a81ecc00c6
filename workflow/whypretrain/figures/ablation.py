"""What joint fine-tuning gains by each way to choose the source data (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whypretrain.config.parts import CAST
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.gains import alike, with_gains
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import PALE, looks


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Gain over fine-tuning of each way to choose the source data, all else being equal."""
    runs = with_gains(given["runs"], settings)
    runs = runs[alike(runs, settings, free=("source", "source_loss")) | _without_source(runs, settings)]
    cells, styles = tables.cells(runs), looks(runs["method"], settings)
    means = tables.by_seed(runs, ["architecture", "target", "method"], "gain", settings.confidence)
    bars = tables.seed_words(runs, settings.confidence)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=0.5 + 0.19 * len(styles),
        title="What joint fine-tuning gains by the choice of source data",
        note=f"{tables.seeds(runs)}; hollow: each seed; filled: mean; line: {bars}. All joint methods with the same "
        "weight and ratio; as many classes, but for all of them and clusters.",
    )
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        here, average = tables.in_cell(runs, cell), tables.in_cell(means, cell)
        for place, (method, look) in enumerate(styles.items()):
            marks.dots(axis, tables.only(here, method=method)["gain"].to_numpy(), place, look)
            for _, interval in tables.only(average, method=method).iterrows():
                marks.mean(axis, interval, place, look)
        axis.axvline(0, color=PALE, linewidth=0.8)
        marks.categories(axis, [look.label for look in styles.values()], shown=grid.is_first(index))
        marks.few_ticks(axis)
        axis.set_xlabel("gain / points")
    return figure, means


def _without_source(runs: pd.DataFrame, settings: Settings) -> np.ndarray:
    """Fine-tuning alone, but not the method that gains are over: for longer, say."""
    parts = runs["method"].map(lambda method: settings.cast[method].part)
    alone = runs["source"].isna() & runs["trials"].isna()
    return (alone & parts.map(lambda part: part in CAST and CAST[part].like == "finetune")).to_numpy()
