"""Gain of joint fine-tuning by the size of the target set (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PALE, looks


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Gain over fine-tuning against the number of training images, for variants of the same target."""
    sizes = given["target_sizes"]
    sizes = sizes.assign(points=100 * sizes["gain"])
    cells, styles = tables.cells(sizes), looks(sizes["method"], settings)
    keys = ["architecture", "target", "variant", "train_size", "method"]
    means = tables.by_seed(sizes, keys, "points", settings.confidence).sort_values("train_size")
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=2.2,
        title="Gain over fine-tuning by the size of the target set",
        note=f"{tables.seeds(sizes)}; in points, paired by seed, with the same test images; the variants' names stand "
        "above the points; bars: "
        f"{tables.seed_words(sizes, settings.confidence)}.",
        handles=[look.handle(line=False) for look in styles.values()],
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        here = tables.in_cell(means, cell)
        for place, (method, look) in enumerate(styles.items()):
            line = tables.only(here, method=method)
            marks.bars(axis, line["train_size"].to_numpy(float) * 1.04**place, line, look, line=False)
        for row in here.drop_duplicates("variant").itertuples():
            top = axis.get_xaxis_transform()
            axis.text(
                row.train_size, 0.98, str(row.variant), transform=top, rotation=90, va="top", fontsize=5, color=GREY
            )
        axis.axhline(0, color=PALE, linewidth=0.8)
        axis.set_xscale("log")
    grid.label("training images", ["gain / points"])
    return figure, means[[*keys, "estimate", "low", "high"]]
