"""Floor and ceiling of every share: pairs of models of known relation, beside the measured shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.knowledge import main_rows, total
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, GREY, ORANGE, PURPLE, SKY, Look, looks
from whypretrain.statistics import seed_interval

NEEDS = ("controls",)
TAKES = ("knowledge",)
_KINDS = {
    "self": "model with itself",
    "finetune_vs_finetune_again": "fine-tuned twice, one start",
    "scratch_vs_scratch_again": "scratch twice",
    "finetune_vs_finetune": "fine-tuned, two seeds",
    "scratch_vs_scratch": "scratch, two seeds",
    "finetune_vs_scratch": "fine-tuned / scratch",
    "probe_vs_reinitialised": "pre-trained / untrained",
    "other_image": "another image",
}
# Column of the table of controls: label, and the columns of the measured share.
SHARES = {
    "share": ("preserved share / %", ("preserved", "pre")),
    "new_share": ("new share / %", ("new", "tuned")),
    "of_preserved": ("share of the preserved / %", ("scratch_shared", "preserved")),
}
_SCRATCH = "scratch"
_COLOURS, _MARKERS = (GREY, ORANGE, PURPLE, SKY, BLACK), "s^vDP"


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row of panels a share, one line a kind of pair."""
    pairs, measured = given["controls"], _measured(given.get("knowledge"), settings)
    cells, kinds = tables.cells(pairs), _kinds(pairs)
    styles = {kind: Look(_called(kind), _COLOURS[i % 5], _MARKERS[i % 5]) for i, kind in enumerate(kinds)}
    measures = looks([settings.model, _SCRATCH])
    rows = [look.label for look in styles.values()]
    last = {share: measures[_SCRATCH if share == "of_preserved" else settings.model] for share in SHARES}
    figure, grid = canvas.page(
        settings,
        panels=len(cells),
        kinds=len(SHARES),
        height=0.42 + 0.14 * (len(rows) + (measured is not None)),
        title="How much any two models share: floor and ceiling of every share",
        note=_note(pairs, settings),
    )
    for index, (cell, column) in enumerate(zip(cells, grid.axes, strict=True)):
        here = tables.in_cell(pairs, cell)
        for (share, (label, _)), axis in zip(SHARES.items(), column, strict=True):
            for place, (kind, look) in enumerate(styles.items()):
                _draw_pairs(axis, tables.only(here, kind=kind), share, place, look, settings)
            if measured is not None:
                for _, interval in tables.only(tables.in_cell(measured, cell), share=share).iterrows():
                    marks.mean(axis, 100 * interval[["estimate", "low", "high"]], len(kinds), last[share])
            labels = rows if measured is None else [*rows, f"measured: {last[share].label}"]
            marks.categories(axis, labels, shown=grid.is_first(index))
            axis.set_xlim(0, 100)
            axis.set_xlabel(label)
        column[0].set_title(tables.cell_title(cell))
    return figure, _shown(pairs, measured)


def _measured(knowledge: pd.DataFrame | None, settings: Settings) -> pd.DataFrame | None:
    """The shares of the fine-tuned model, over all orders."""
    if knowledge is None:
        return None
    rows = main_rows(knowledge, settings, model=settings.model)
    return pd.DataFrame(
        [
            tables.row(cell, total(tables.in_cell(rows, cell), *columns, settings), share=share)
            for cell in tables.cells(rows)
            for share, (_, columns) in SHARES.items()
        ]
    )


def _draw_pairs(
    axis: Axes, pairs: pd.DataFrame, share: str, place: int, look: Look, settings: Settings
) -> None:
    """Each pair and their mean, with an interval where both of a pair are of one seed: these pairs share no model."""
    percent = 100 * pairs[share].dropna()
    marks.dots(axis, percent.to_numpy(), place, look)
    if len(percent):
        found = seed_interval(percent.to_numpy(), settings.confidence)
        within = (pairs["seed_a"] == pairs["seed_b"]).all()
        low, high = (found.low, found.high) if within else (np.nan, np.nan)
        marks.mean(axis, pd.Series({"estimate": found.estimate, "low": low, "high": high}), place, look)


def _note(pairs: pd.DataFrame, settings: Settings) -> str:
    name = looks([settings.model])[settings.model].label
    sizes = pairs.groupby(["architecture", "target", "kind"]).size()
    return (
        f"{tables.extent(sizes)} pairs of models a kind; hollow: each pair, filled: mean; line: "
        f"{100 * settings.confidence:g} % t-interval, none for pairs of two seeds, which share models. Of a pair "
        "(a, b): part of a that b has; part of b that a lacks; part of what the "
        f"{name} model preserved that b has. Measured: the {name} model against its pre-trained one, and at the bottom"
        f" what scratch has of the preserved; {100 * settings.confidence:g} % bootstrap intervals."
    )


def _shown(pairs: pd.DataFrame, measured: pd.DataFrame | None) -> pd.DataFrame:
    keys = [column for column in pairs if column not in SHARES]
    each = pairs.melt(keys, list(SHARES), var_name="share", value_name="estimate")
    return (
        each if measured is None else pd.concat([each, measured.assign(kind="measured")], ignore_index=True)
    )


def _called(kind: str) -> str:
    """What a kind of pair is called, of an unknown A_vs_B its two methods."""
    return _KINDS.get(kind) or " / ".join(looks([method])[method].label for method in kind.split("_vs_"))


def _kinds(pairs: pd.DataFrame) -> list[str]:
    """Kinds of pairs from ceiling to floor, the known ones first."""
    present = list(pairs["kind"].unique())
    return [kind for kind in _KINDS if kind in present] + [kind for kind in present if kind not in _KINDS]
