"""CKA divergence of every layer of encoders tuned on text, with its chance level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, looks
from whypretrain.figures.wording import span

_KEYS = ["architecture", "target", "model", "layer"]
_CHANCE: Any = (0, (6, 2))


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: a line a method."""
    rows = tables.some(given["divergence"], "divergence", estimator=settings.estimator)
    curves = tables.by_seed(rows, _KEYS, "cka_divergence", settings.confidence)
    levels = rows.groupby(["architecture", "target", "layer"], sort=False)["cka_permuted"].mean()
    chance = levels.reset_index()
    cells, styles = tables.cells(rows), looks(rows["model"], settings)
    line = Line2D([], [], color=BLACK, linewidth=0.7, linestyle=_CHANCE, label="control: shuffled sentences")
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=1.5,
        title=_title(curves, settings),
        note=f"{tables.seeds(rows)}; line: mean, band: {tables.seed_words(rows, settings.confidence)}; linear CKA, "
        f"{settings.estimator}, of means over the tokens of test sentences.",
        handles=[*(look.handle() for look in styles.values()), line],
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        here, level = tables.in_cell(curves, cell), tables.in_cell(chance, cell)
        axis.plot(level["layer"], level["cka_permuted"], color=BLACK, linewidth=0.7, linestyle=_CHANCE, zorder=1)
        for model, look in styles.items():
            part = tables.only(here, model=model).sort_values("layer")
            marks.band(axis, part["layer"].to_numpy(), part[["estimate", "low", "high"]].clip(-1, 2), look)
        last = int(here["layer"].max())
        axis.set_xticks(np.arange(1, last + 1, max(1, -(-last // 6))))
    grid.label("layer", ["CKA divergence"])
    grid.share(0, low=-0.04)
    return figure, curves


def _title(curves: pd.DataFrame, settings: Settings) -> str:
    """How far the fine-tuned model is in its first and in its last layer."""
    own = tables.only(curves, model=settings.cast.roles.get(Role.FINETUNE)).dropna(subset="estimate")
    if own.empty:
        return "How far each layer is from the pre-trained model"
    ends = own.sort_values("layer").groupby(["architecture", "target"])["estimate"]
    first, last = (span(values, 2) for values in (ends.first(), ends.last()))
    return f"Fine-tuning moves the first layer by {first}, the last by {last} (1 - CKA)"
