"""Test accuracy of every training method, and what joint fine-tuning gains (Fig. 1 of arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import looks
from whypretrain.figures.wording import by_method
from whypretrain.statistics import Interval, paired_interval


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: a row a method, accuracy in percent."""
    runs = given["runs"].assign(percent=100 * given["runs"]["accuracy"])
    cells, styles = tables.cells(runs), looks(runs["method"], settings)
    means = tables.by_seed(runs, ["architecture", "target", "method"], "percent", settings.confidence)
    gains = {cell: _gain(tables.in_cell(runs, cell), settings) for cell in cells}
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=0.5 + 0.19 * len(styles),
        title=_title(means, settings),
        note=_note(given, runs, gains, settings),
    )
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        here, average = tables.in_cell(runs, cell), tables.in_cell(means, cell)
        for place, (method, look) in enumerate(styles.items()):
            marks.dots(axis, tables.only(here, method=method)["percent"].to_numpy(), place, look)
            for _, interval in tables.only(average, method=method).iterrows():
                marks.mean(axis, interval[["estimate", "low", "high"]].clip(0, 100), place, look)
        marks.categories(axis, [look.label for look in styles.values()], shown=grid.is_first(index))
        axis.set_title(tables.cell_title(cell) + _gain_words(gains[cell]), fontsize=7)
        axis.set_xlabel("accuracy / %")
    for target in runs["target"].unique():
        marks.share_x(axis for cell, axis in zip(cells, grid.axes[:, 0], strict=True) if cell[1] == target)
    return figure, _shown(runs, means, gains, settings)


def _title(means: pd.DataFrame, settings: Settings) -> str:
    """The accuracies of the three ways of training that all questions are about."""
    roles = (settings.cast.roles.get(role) for role in (Role.FINETUNE, Role.REFERENCE, Role.SCRATCH))
    found = {method: tables.only(means, method=method)["estimate"] for method in roles if method}
    said = by_method(found, settings.cast, unit=" %")
    return f"Test accuracy: {said}" if said else "Test accuracy by training method"


def _gain(here: pd.DataFrame, settings: Settings) -> Interval | None:
    """Accuracy of joint minus plain fine-tuning over their common seeds, in points."""
    table = here.pivot_table(index="seed", columns="method", values="percent")
    roles = settings.cast.roles
    if not {roles.get(Role.JOINT), roles.get(Role.FINETUNE)} <= set(table.columns):
        return None
    pair = table[[settings.joint, settings.model]].dropna()
    return None if pair.empty else paired_interval(pair[settings.joint], pair[settings.model], settings.confidence)


def _gain_words(gain: Interval | None) -> str:
    if gain is None:
        return ""
    bounds = f" [{gain.low:+.1f}, {gain.high:+.1f}]" if np.isfinite(gain.low) else ""
    return f"\nΔ = {gain.estimate:+.1f}{bounds}"


def _note(given: Mapping[str, Any], runs: pd.DataFrame, gains: Mapping[Any, Any], settings: Settings) -> str:
    bars = tables.seed_words(runs, settings.confidence)
    note = f"{tables.seeds(runs)}; hollow: each seed; filled: mean; line: {bars}; one range a target."
    if not any(gains.values()):
        return note
    joint, alone = (settings.cast[method].label for method in (settings.joint, settings.model))
    note += f" Δ: {joint} minus {alone}, in points, paired by seed"
    return note + _published(given.get("published_uot"))


def _published(published: pd.DataFrame | None) -> str:
    rows = None if published is None else tables.only(published, quantity="average_accuracy_gain")
    if rows is None or rows.empty:
        return "."
    return f"; published: {rows['value'].iloc[0]:+.2f} on average over 8 data sets (arXiv:2111.12292)."


def _shown(
    runs: pd.DataFrame, means: pd.DataFrame, gains: Mapping[tuple[str, str], Interval | None], settings: Settings
) -> pd.DataFrame:
    each = runs[["architecture", "target", "method", "seed", "percent"]].rename(columns={"percent": "estimate"})
    differences = [
        tables.row(cell, gain, method=f"{settings.joint} - {settings.model}")
        for cell, gain in gains.items()
        if gain is not None
    ]
    parts = [each.assign(shows="seed"), means.assign(shows="mean")]
    if differences:
        parts.append(pd.DataFrame(differences).assign(shows="difference"))
    shown = pd.concat(parts, ignore_index=True).astype({"seed": "Int64"})
    return shown[["architecture", "target", "method", "shows", "seed", "estimate", "low", "high"]]
