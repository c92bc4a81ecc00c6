"""Interaction strengths, sorted: few are salient, most are noise (what arXiv:2410.08455, Eq. 1, rests on)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, Look, looks
from whypretrain.figures.wording import span

_BELOW = (
    " Below: squared error of all scores rebuilt from the salient interactions alone, as a share of the scores'"
    " own variation, at several thresholds."
)
_DEPTH = 50  # the axis ends at the threshold divided by this: what lies below is noise


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Above: strength over the share of stronger interactions; below: what the salient ones alone miss."""
    table = given["sparsity"]
    keys = ["architecture", "target", "model", "rank_fraction"]
    curves = tables.by_seed(table, keys, "strength", settings.confidence)
    matching = given.get("matching")
    errors = None if matching is None else _errors(matching, settings)
    cells, styles = tables.cells(curves), looks(curves["model"], settings)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1 if matching is None else 2,
        height=1.6,
        title=_title(curves, settings),
        handles=[Look(look.label, look.colour, "", look.line).handle() for look in styles.values()],
        note=_note(table, settings) + ("" if errors is None else _BELOW),
    )
    for cell, column in zip(cells, grid.axes, strict=True):
        _draw_panel(column[0], tables.in_cell(curves, cell), styles, settings.threshold)
        column[0].set_xlabel("share of interactions / %")
        if errors is not None:
            _draw_errors(column[1], tables.in_cell(errors, cell), styles)
    grid.share(0, low=settings.threshold / _DEPTH)
    if errors is None:
        grid.label("share of interactions / %", ["strength |I|"])
        return figure, curves
    grid.label(f"salient interactions per {settings.sample}", ["strength |I|", "error of scores / %"])
    grid.share(1, low=0)
    return figure, pd.concat([curves.assign(shows="strength"), errors.assign(shows="error")], ignore_index=True)


def _title(curves: pd.DataFrame, settings: Settings) -> str:
    """What part of the interactions lies above the threshold."""
    model = settings.cast.roles.get(Role.FINETUNE, curves["model"].iloc[0])
    own = tables.only(curves, model=model)
    salient = own[own["estimate"] >= settings.threshold].groupby(["architecture", "target"])["rank_fraction"].max()
    label = settings.cast[model].label
    return f"{span(100 * salient)} % of the interactions of the {label} model are salient"


def _note(table: pd.DataFrame, settings: Settings) -> str:
    bars = tables.seed_words(table, settings.confidence)
    return (
        f"{tables.seeds(table)}; line: mean, band: {bars}. All interactions of all {settings.sample}s of a model, "
        "sorted by strength relative to the strongest; dotted line: threshold of salient interactions, "
        f"{settings.threshold:g}."
    )


def _errors(matching: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Error of the scores rebuilt from salient effects, and their number, at each threshold above 0."""
    keys = ["architecture", "target", "model", "threshold"]
    above = matching[matching["threshold"] > 0]
    errors = tables.by_seed(above, keys, "matching_error", settings.confidence)
    counts = tables.by_seed(above, keys, "salient_per_sample", settings.confidence)
    return errors.assign(salient=counts["estimate"])


def _draw_errors(axis: Axes, errors: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    for model, look in styles.items():
        part = tables.only(errors, model=model).sort_values("salient")
        percent = 100 * part[["estimate", "low", "high"]].clip(lower=0)
        marks.band(axis, part["salient"].to_numpy(), percent, look)
    axis.set_xscale("log")


def _draw_panel(axis: Axes, curves: pd.DataFrame, styles: Mapping[str, Look], threshold: float) -> None:
    for model, look in styles.items():
        part = tables.only(curves, model=model).sort_values("rank_fraction")
        strength = part[["estimate", "low", "high"]].clip(lower=1e-12)
        marks.band(axis, 100 * part["rank_fraction"].to_numpy(), strength, look, markers=False)
    axis.axhline(threshold, color=GREY, linewidth=0.8, linestyle=":")
    axis.set_yscale("log")
    seen = curves[curves["estimate"] > threshold / _DEPTH]["rank_fraction"]
    axis.set_xlim(0, min(100.0, 105 * max(float(seen.max()), 0.01)))
