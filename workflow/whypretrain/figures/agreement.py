"""How much of the pre-trained function each model has, by degree, next to what unrelated models and images have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import CONTROLS, REINITIALISED, Role
from whypretrain.figures import canvas, degrees, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PALE, SPARSE, Look, looks

OTHER_IMAGE = "other_image"
_KEYS = ["architecture", "target", "series", "degree"]
_STEP = 0.11  # between the series at a degree


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: agreement by degree, all degrees at the right, one series a model."""
    rows = compared(given["agreement"], settings)
    found = degrees.by_seed(rows, _KEYS, settings.confidence)
    cells, styles = tables.cells(found), models(found["series"].unique(), settings)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=1.9,
        handles=[look.handle(line=False) for look in styles.values()],
        title="Agreement of each model with the pre-trained one, as functions over masked images",
        note=_note(rows, settings),
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        _draw_panel(axis, degrees.drawn(tables.in_cell(found, cell)), styles)
    grid.label("degree (players)", ["agreement"])
    grid.share(0, low=degrees.lowest(degrees.drawn(found)), high=1)
    return figure, found


def compared(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Pairs of the reference and another model of its run, by what that model is."""
    table = degrees.of_degrees(table).rename(columns={"seed_a": "seed"})
    reference = settings.method(Role.REFERENCE)
    roles = [settings.cast.roles.get(role) for role in (Role.FINETUNE, Role.JOINT, Role.SCRATCH)]
    paired = tables.only(table, a=reference)
    paired = paired.assign(series=paired["b"].where(paired["kind"] != OTHER_IMAGE, OTHER_IMAGE))
    return paired[paired["series"].isin([*roles, *CONTROLS, OTHER_IMAGE])].dropna(subset="agreement")


def models(series: Any, settings: Settings) -> dict[str, Look]:
    """A look for each model, from the one that shares most to the floors."""
    found = looks([name for name in series if name != OTHER_IMAGE], settings)
    if REINITIALISED in found:
        found[REINITIALISED] = replace(found[REINITIALISED], label="untrained network", marker="X")
    if OTHER_IMAGE in series:
        found[OTHER_IMAGE] = Look("fine-tuned, another image", GREY, "s", SPARSE)
    return found


def _draw_panel(axis: Axes, shown: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    axis.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    for place, (series, look) in enumerate(styles.items()):
        part = tables.only(shown, series=series)
        bounds = part[["estimate", "low", "high"]].clip(-1, 1)
        shift = (place - (len(styles) - 1) / 2) * _STEP
        single = (part["degree"] != degrees.ALL).to_numpy()
        for which, line in ((single, True), (~single, False)):
            marks.bars(axis, part["place"].to_numpy()[which] + shift, bounds[which], look, line=line)
    degrees.label(axis, shown)


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    bars = degrees.words(rows, settings.confidence)
    return (
        f"{tables.seeds(rows)}; {bars}. Agreement: correlation of two models' Walsh-Hadamard coefficients, pooled over "
        "images: 1 for proportional functions, 0 by chance (line). At degree 1 models share what parts of an image "
        "usually matter, so that another image shows the chance level there. At the right: all degrees. "
        f"{degrees.highest(rows)}"
    )
