"""What near-duplicates of test images among the source images are worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import looks


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Accuracy of joint fine-tuning with and without source images that nearly are test images."""
    pairs = _with_and_without(given["runs"])
    styles, cells = looks(pairs["method"], settings), tables.cells(pairs)
    keys = ["architecture", "target", "method", "drop_duplicates"]
    shown = tables.by_seed(pairs, keys, "percent", settings.confidence)
    counts = pairs.groupby(keys, sort=False, as_index=False)[["source_images", "duplicates"]].mean()
    shown = shown.merge(counts)
    bars = tables.seed_words(pairs, settings.confidence)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=0.6 + 0.4 * len(styles),
        title="Joint fine-tuning with and without near-duplicates of test images",
        note=f"{tables.seeds(pairs)}; filled: all source images; hollow: without those that nearly are test images of "
        f"the target, whose mean number stands on the right; line: {bars}.",
    )
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        for place, (method, look) in enumerate(styles.items()):
            here = tables.only(tables.in_cell(shown, cell), method=method)
            for _, found in here.iterrows():
                dropped = bool(found["drop_duplicates"])
                marks.mean(axis, found, place + (0.18 if dropped else -0.18), replace(look, hollow=dropped))
            marks.at_the_right(axis, place, f"{here['duplicates'].max():.0f}")
        marks.categories(axis, [look.label for look in styles.values()], shown=grid.is_first(index))
        marks.few_ticks(axis)
        axis.set_xlabel("accuracy / %")
    return figure, shown


def _with_and_without(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs that differ from another in `drop_duplicates` alone, and these, all named as the latter."""
    runs = runs[runs["source"].notna() & runs["trials"].isna()]
    runs = runs.assign(percent=100 * runs["accuracy"], drop_duplicates=runs["drop_duplicates"].astype(bool))
    alike = ["architecture", "target", "seed", "source", "source_loss", "source_classes", "source_weight"]
    alike += ["source_ratio"]
    without, kept = runs[runs["drop_duplicates"]], runs[~runs["drop_duplicates"]]
    pairs = without.drop(columns="method").merge(kept[[*alike, "method"]], on=alike)
    return pd.concat([kept.merge(pairs[[*alike, "method"]], on=[*alike, "method"]), pairs], ignore_index=True)
