"""Which concepts each selection rule draws its source classes from (after arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.errors import InputError
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, Look, rule_label, rule_looks, words

_MOST = 10  # concepts that are drawn: those of which some rule chose the most


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One panel an architecture and target: share of chosen classes per concept, a mark a rule."""
    table = given["select"]
    shares = _shares(table, settings)
    cells, styles = tables.cells(table), rule_looks(table["rule"])
    chosen_most = shares.groupby("concept", sort=False)["estimate"].max().nlargest(_MOST).index
    concepts = [
        name for name in _chance(table).sort_values(ascending=False, kind="stable").index if name in chosen_most
    ]
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=1,
        height=0.45 + len(concepts) * max(0.16, 0.055 * len(styles)),
        title=_title(shares, settings),
        note=_note(table, len(concepts), settings),
        handles=[look.handle(line=False) for look in styles.values()],
    )
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        _draw_panel(axis, tables.in_cell(shares, cell), concepts, styles)
        marks.categories(axis, [words(concept) for concept in concepts], shown=grid.is_first(index))
        axis.set_xlim(0, min(102, 1.05 * shares[["estimate", "high", "chance"]].max().max()))
    grid.label("share of chosen classes / %", [""])
    return figure, shares


def _chance(table: pd.DataFrame) -> pd.Series:
    """Share of each concept among all source classes, in percent: what a random choice expects."""
    classes = table.drop_duplicates("class_index")
    return 100 * classes["concept"].value_counts(normalize=True, sort=False)


def _title(shares: pd.DataFrame, settings: Settings) -> str:
    """The concept of which the rule chose most beyond chance, on average over panels."""
    own = tables.only(shares, rule=settings.rule).groupby("concept", sort=False)[["estimate", "chance"]].mean()
    if len(own) < 2:
        return "Kinds of the chosen source classes, by selection rule"
    most = own.iloc[int((own["estimate"] - own["chance"]).argmax())]
    chosen, chance, name = most["estimate"], most["chance"], words(str(most.name))
    return f"{rule_label(settings.rule)} chooses {chosen:.0f} % {name} classes; by chance {chance:.0f} %"


def _shares(table: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Percent of the chosen classes per concept: mean over seeds with its t interval."""
    keys, concepts = ["architecture", "target", "rule"], list(table["concept"].unique())
    chosen = table[table["selected"].astype(bool)]
    if chosen.empty:
        raise InputError("select: no class is marked as selected; choose at least one class and run select again")
    counts = chosen.groupby([*keys, "seed", "concept"], sort=False).size().unstack("concept", fill_value=0)
    percent = 100 * counts.reindex(columns=concepts, fill_value=0).div(counts.sum(axis=1), axis=0)
    long = percent.reset_index().melt([*keys, "seed"], var_name="concept", value_name="share")
    found = tables.by_seed(long, [*keys, "concept"], "share", settings.confidence)
    return found.assign(chance=found["concept"].map(_chance(table)))


def _draw_panel(axis: Axes, shares: pd.DataFrame, concepts: list[str], styles: Mapping[str, Look]) -> None:
    offsets = np.linspace(-0.3, 0.3, len(styles)) if len(styles) > 1 else [0.0]
    for offset, (rule, look) in zip(offsets, styles.items(), strict=True):
        part = tables.only(shares, rule=rule).set_index("concept").reindex(concepts)
        places = np.arange(len(concepts)) + offset
        low, high = part["low"].clip(0, 100), part["high"].clip(0, 100)
        axis.hlines(places, low, high, color=look.colour, linewidth=0.6, alpha=0.5)
        axis.plot(
            part["estimate"],
            places,
            linestyle="none",
            marker=look.marker,
            color=look.colour,
            markersize=3.6,
            markeredgecolor="white",
            markeredgewidth=0.3,
            clip_on=False,
            zorder=3,
        )
    chance = shares.drop_duplicates("concept").set_index("concept")["chance"].reindex(concepts)
    places = np.arange(len(concepts))
    axis.vlines(chance, places - 0.42, places + 0.42, color=BLACK, linewidth=1.2)


def _note(table: pd.DataFrame, drawn: int, settings: Settings) -> str:
    classes, left_out = table["class_index"].nunique(), table["concept"].nunique() - drawn
    rest = f" Left out: {left_out} concepts that no rule chose as often." if left_out else ""
    chosen = table[table["selected"].astype(bool)].groupby(["architecture", "target", "seed", "rule"]).size()
    bars = tables.seed_words(table, settings.confidence)
    return (
        f"{tables.seeds(table)}, mean; line: {bars}; {tables.extent(chosen)} of {classes} classes chosen. Black bar: "
        f"share of the concept among all source classes, which a random choice expects.{rest}"
    )
