"""How much of the pre-trained function each model has, by degree, next to what unrelated models and images have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.config.parts import CONTROLS, REINITIALISED, REINITIALISED_PROBE, SHAM, Role
from whypretrain.figures import canvas, degrees, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import DASHDOT, DASHED, DOTTED, GREY, PALE, SOLID, SPARSE, Look, looks
from whypretrain.figures.wording import groups, listed, sentence

OTHER_IMAGE = "other_image"
_KEYS = ["architecture", "target", "series", "degree"]
# Controls, drawn as thin lines: which end of the scale they are, what they are called, how the line looks.
_ENDS: dict[str, tuple[str, str, Any]] = {
    SHAM: ("ceiling", "sham fine-tuning", SOLID),
    OTHER_IMAGE: ("floor", "another {sample}", DASHED),
    REINITIALISED_PROBE: ("floor", "untrained, probed", DOTTED),
    REINITIALISED: ("floor", "untrained", DASHDOT),
}
_STEP = 0.3  # between the models over all degrees


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
        handles=_handles(styles, settings),
        title=_title(found, settings),
        note=_note(rows, settings),
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        _draw_panel(axis, degrees.drawn(tables.in_cell(found, cell)), styles)
    grid.label(degrees.axis_label(settings), ["agreement with\nthe pre-trained model"])
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
        found[OTHER_IMAGE] = Look(f"fine-tuned, another {settings.sample}", GREY, "s", SPARSE)
    return found


def _handles(styles: Mapping[str, Look], settings: Settings) -> list[Line2D]:
    """The models and the ceiling, then the floors."""
    ends = {
        series: Line2D(
            [], [], color=GREY, linewidth=0.9, linestyle=line, label=f"{end}: {label}".format(sample=settings.sample)
        )
        for series, (end, label, line) in _ENDS.items()
        if series in styles
    }
    own = [look.handle() for series, look in styles.items() if series not in ends]
    return [*own, *ends.values()]


def _title(found: pd.DataFrame, settings: Settings) -> str:
    """Up to which degree each way of training has something of the pre-trained model that no floor has."""
    trained = {"fine-tuning": settings.model, "training from scratch": settings.cast.roles.get(Role.SCRATCH)}
    reached = {name: _reach(found, model) for name, model in trained.items() if model in set(found["series"])}
    if not reached or found["low"].isna().all():
        return "Agreement of each model with the pre-trained one, by degree"
    kept = {name: groups(size, settings.player) for name, size in reached.items() if size}
    none = [name for name, size in reached.items() if not size]
    said = [f"{name} {'keeps' if name == 'fine-tuning' else 'finds'} {sets}" for name, sets in kept.items()]
    if none:
        said.append(f"{listed(none)} {'has' if len(none) == 1 else 'have'} nothing clearly above the floor")
    return sentence("; ".join(said))


def _reach(found: pd.DataFrame, series: str | None) -> int:
    """The highest degree up to which, in every panel, the interval of a model lies above 0 and above each floor."""
    floors = found[found["series"].isin([name for name, (end, *_) in _ENDS.items() if end == "floor"])]
    keys = ["architecture", "target", "degree"]
    highest = floors.groupby(keys)["estimate"].max().clip(lower=0).rename("floor").reset_index()
    own = tables.only(found, series=series).merge(highest, on=keys, how="left").fillna({"floor": 0})
    above = (own["low"] > own["floor"]).groupby(own["degree"]).all()
    reached = 0
    while above.get(str(reached + 1), False) and reached < degrees.HIGHEST:
        reached += 1
    return reached


def _draw_panel(axis: Axes, shown: pd.DataFrame, styles: Mapping[str, Look]) -> None:
    axis.axhline(0, color=PALE, linewidth=0.8, zorder=0)
    own = [series for series in styles if series not in _ENDS]
    for series, look in styles.items():
        part = tables.only(shown, series=series)
        single = (part["degree"] != degrees.ALL).to_numpy()
        places, bounds = part["place"].to_numpy(), part[["estimate", "low", "high"]].clip(-1, 1)
        if series in _ENDS:
            style: Any = {"color": GREY, "linewidth": 0.9, "linestyle": _ENDS[series][-1]}
            axis.plot(places[single], bounds["estimate"][single], **style)
            axis.hlines(bounds["estimate"][~single], places[~single] - 0.55, places[~single] + 0.55, **style)
        else:
            shift = (own.index(series) - (len(own) - 1) / 2) * _STEP
            marks.band(axis, places[single], bounds[single], look)
            marks.bars(axis, places[~single] + shift, bounds[~single], look, line=False)
    degrees.label(axis, shown)


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    bars = degrees.words(rows, settings.confidence, settings.sample)
    return (
        f"{tables.seeds(rows)}; mean; bands and bars: {bars}. Agreement: correlation of two models' Walsh-Hadamard "
        f"coefficients, pooled over {settings.sample}s: 1 for proportional functions, 0 by chance. At degree 1 models "
        f"share what parts of any {settings.sample} usually matter, so that another {settings.sample} is the floor "
        "there. Title: up to which degree the interval lies above 0 and all floors in every panel. "
        f"{degrees.highest(rows)}"
    )
