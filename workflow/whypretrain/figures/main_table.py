"""Joint fine-tuning and its baselines, methods by targets: the main table of arXiv:2111.12292."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, tables, text_table
from whypretrain.figures.gains import with_gains
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import looks


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Methods x targets: accuracy with its interval, the average over targets, and its gain over fine-tuning."""
    runs = with_gains(given["runs"], settings)
    means, gains = (_with_average(runs, value, settings) for value in ("percent", "gain"))
    means["ahead"] = gains["low"] > 0  # of plain fine-tuning, paired by seed
    gain = gains.assign(ahead=means["ahead"])[gains["target"] == "average"].assign(target="gain")
    shown = pd.concat([means, gain], ignore_index=True)
    shown["published"] = np.where(
        (shown["target"] == "gain") & (shown["method"] == settings.joint), _published(given), np.nan
    )
    styles, columns = (looks(runs["method"], settings), [*runs["target"].unique(), "average", "gain", "published"])
    architectures = list(runs["architecture"].unique())
    figure, body = canvas.canvas(
        settings,
        height=len(architectures) * text_table.height(settings, len(styles)),
        title="Accuracy of fine-tuning with and without source data, %",
        note=f"{tables.seeds(runs)}; ± is half of the "
        f"{tables.seed_words(runs, settings.confidence)}. "
        f"gain: over {styles[settings.model].label}, in points, average over targets, paired by seed; "
        "bold: the interval of this paired gain lies above 0. published: average over 8 data sets, self-supervised "
        "ResNet-50; no other number is established.",
    )
    axes = body.subplots(len(architectures), 1, squeeze=False)[:, 0]
    for name, axis in zip(architectures, axes, strict=True):
        rows = tables.only(shown, architecture=name).set_index(["method", "target"])
        _write_table(axis, rows, {method: look.label for method, look in styles.items()}, columns, name, settings)
    return figure, shown


def _with_average(runs: pd.DataFrame, value: str, settings: Settings) -> pd.DataFrame:
    """Means over seeds with their intervals for each target, then for the average over targets."""
    keys = ["architecture", "method", "target"]
    average = runs.groupby(["architecture", "method", "seed"], sort=False, as_index=False)[value].mean()
    both = pd.concat([runs[[*keys, "seed", value]], average.assign(target="average")], ignore_index=True)
    return tables.by_seed(both, keys, value, settings.confidence)


def _published(given: Mapping[str, Any]) -> float:
    published = given.get("published_uot")
    rows = None if published is None else tables.only(published, quantity="average_accuracy_gain")
    return float(rows["value"].iloc[0]) if rows is not None and len(rows) else np.nan


def _write_table(
    axis: Axes, rows: pd.DataFrame, methods: dict[str, str], columns: list[str], title: str, settings: Settings
) -> None:
    """What is ahead of plain fine-tuning is bold."""
    names = list(methods)

    def cell(line: int, place: int) -> tuple[str, bool]:
        method, column = names[line], columns[place]
        return _cell(rows, method, column), bool(rows["ahead"].get((method, column), False))

    text_table.write(axis, title, list(methods.values()), columns, cell, settings)


def _cell(rows: pd.DataFrame, method: str, column: str) -> str:
    """`81.3 ± 1.2`; a gain with its sign; nothing where nothing is known, or 0 by definition."""

    def value(name: str, of: str) -> float:
        return float(rows[name].get((method, of), np.nan))

    if column == "published":
        published = value("published", "gain")
        return f"{published:+.2f}" if np.isfinite(published) else ""
    estimate, half = value("estimate", column), (value("high", column) - value("low", column)) / 2
    sign, spread = "+" if column == "gain" else "", f" ± {half:.1f}" if np.isfinite(half) else ""
    itself = column == "gain" and estimate == value("low", column) == value("high", column) == 0
    known = np.isfinite(estimate) and not itself
    return f"{estimate:{sign}.1f}{spread}".replace("-", "−") if known else ""
