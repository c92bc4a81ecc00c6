"""Accuracy of joint fine-tuning by its settings: source classes, weight and ratio (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.gains import VARIED, alike, with_gains
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, looks


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Accuracy of joint fine-tuning against the number of source classes, lambda and mu, one at a time."""
    runs = with_gains(given["runs"], settings)
    cells, look = tables.cells(runs), looks([settings.joint], settings)[settings.joint]
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=len(VARIED),
        height=1.35,
        title="Number of source classes, weight and ratio of the source",
        note=f"{tables.seeds(runs)}; {look.label}, one setting varied, the others at their reference; dashed: "
        "fine-tuned alone; bars: "
        f"{tables.seed_words(runs, settings.confidence)}.",
    )
    shown = []
    for cell, column in zip(cells, grid.axes, strict=True):
        here = tables.in_cell(runs, cell)
        alone = tables.only(here, method=settings.model)["percent"].mean()
        for (setting, label), axis in zip(VARIED.items(), column, strict=True):
            rows = here[alike(here, settings, free=(setting,))]
            means = tables.by_seed(rows, [setting], "percent", settings.confidence).sort_values(setting)
            marks.bars(axis, means[setting].to_numpy(float), means, look)
            axis.axhline(alone, color=GREY, linestyle="--", linewidth=0.8)
            axis.set(xscale="log", xlabel=label)
            values = means[setting].to_numpy(float)
            axis.set_xticks(values, [f"{value:g}" for value in values])
            axis.minorticks_off()
            named = means.rename(columns={setting: "value"})
            shown.append(named.assign(architecture=cell[0], target=cell[1], setting=setting))
    for axis in grid.axes[0]:
        axis.set_ylabel("accuracy / %")
    keys = ["architecture", "target", "setting", "value", "estimate", "low", "high"]
    return figure, pd.concat(shown, ignore_index=True)[keys]
