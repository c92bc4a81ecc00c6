"""Across the papers: accuracy, knowledge kept and invariances lost, side by side for every kind of model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, Look, looks
from whypretrain.figures.wording import by_method

PANELS = {  # label of a column: the measures that it shows
    "accuracy\n/ %": ("accuracy",),
    "preserved\nshare / %": ("preserved",),
    "forgetting\n/ %": ("forgetting_early", "forgetting_late"),
    "1 - CKA\n/ %": ("cka_early", "cka_late"),
}
_KEYS = ["architecture", "target", "method", "joint"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One row of panels an architecture and target, one column a measure, one line a kind of model."""
    shown = pd.concat([_means(given["across"], name, settings) for name in sum(PANELS.values(), ())])
    cells, styles = tables.cells(shown), looks(shown["method"], settings)
    figure, body = canvas.canvas(
        settings,
        height=0.15 + len(cells) * (0.38 + 0.165 * len(styles)),
        title=_title(shown, settings),
        note=_note(given["across"], settings),
        handles=[_handle("early layers", "white"), _handle("late layers", GREY)],
    )
    panels = {label: measures for label, measures in PANELS.items() if shown["measure"].isin(measures).any()}
    grid = body.subplots(len(cells), len(panels), squeeze=False, sharex="col")
    for cell, line in zip(cells, grid, strict=True):
        here = tables.in_cell(shown, cell)
        for column, (measures, axis) in enumerate(zip(panels.values(), line, strict=True)):
            for measure in measures:
                _draw_measure(axis, tables.only(here, measure=measure), styles, measure)
            marks.categories(axis, [look.label for look in styles.values()], shown=column == 0)
        line[0].set_title(tables.cell_title(cell))
    for axis, label in zip(grid[-1], panels, strict=True):
        axis.set_xlabel(label)
        marks.few_ticks(axis)
    return figure, shown


def _title(shown: pd.DataFrame, settings: Settings) -> str:
    """What fine-tuning and training from scratch preserve."""
    kept = tables.only(shown, measure="preserved")
    roles = [settings.cast.roles.get(role) for role in (Role.FINETUNE, Role.JOINT, Role.SCRATCH)]
    found = {role: tables.only(kept, method=role)["estimate"] for role in roles if role}
    said = by_method(found, settings.cast, unit=" %")
    if not said:
        return "Accuracy, knowledge kept and invariances lost, by kind of model"
    return f"Kept of the pre-trained knowledge: {said}"


def _means(across: pd.DataFrame, measure: str, settings: Settings) -> pd.DataFrame:
    """Mean over seeds in percent, with its interval; only of models that were measured."""
    percent = across.assign(**{measure: 100 * across[measure]}).dropna(subset=measure)
    return tables.by_seed(percent, _KEYS, measure, settings.confidence).assign(measure=measure)


def _draw_measure(axis: Axes, part: pd.DataFrame, styles: Mapping[str, Look], measure: str) -> None:
    """One mark a kind of model; early layers stand hollow above late ones."""
    side = -0.18 if measure.endswith("_early") else 0.18 if measure.endswith("_late") else 0.0
    for place, (method, look) in enumerate(styles.items()):
        for _, interval in tables.only(part, method=method).iterrows():
            marks.mean(axis, interval, place + side, replace(look, hollow=side < 0))


def _handle(label: str, face: str) -> Line2D:
    return Line2D([], [], linestyle="none", marker="o", color=GREY, markerfacecolor=face, label=label)


def _note(across: pd.DataFrame, settings: Settings) -> str:
    bars = tables.interval_words(settings.confidence, "intervals over seeds", repeated=tables.repeated(across))
    return (
        f"{tables.seeds(across)}; {bars}. The linear probe is the pre-trained model. Preserved share: of its "
        "interaction strength (arXiv:2410.08455). Forgetting: 1 - STIR against it; 1 - CKA: CKA divergence; "
        "means over the first and the last half of the layers, biased linear CKA (arXiv:2307.06006)."
    )
