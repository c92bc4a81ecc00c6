"""Floor and ceiling of every share: pairs of models of known relation, next to the measured shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import CONTROLS, REINITIALISED, REINITIALISED_PROBE, SHAM, Role
from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.cast import Member
from whypretrain.figures.knowledge import main_rows, total
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, Look, looks
from whypretrain.figures.wording import span
from whypretrain.statistics import seed_interval

_KINDS: dict[Any, str] = {  # from ceiling to floor, pairs by their parts in the cast
    "self": "model with itself",
    ("finetune", "finetune_again"): "fine-tuned twice, one start",
    ("scratch", "scratch_again"): "scratch twice",
    ("finetune", "finetune"): "fine-tuned, two seeds",
    ("scratch", "scratch"): "scratch, two seeds",
    ("probe", SHAM): "pre-trained / sham fine-tuning",
    ("finetune", "scratch"): "fine-tuned / scratch",
    ("probe", REINITIALISED_PROBE): "pre-trained / untrained, probe",
    ("probe", REINITIALISED): "pre-trained / untrained",
    "other_image": "another {sample}",
}
# Column of the table of controls: label, and the columns of the measured share.
SHARES = {
    "share": ("preserved share / %", ("preserved", "pre")),
    "new_share": ("new share / %", ("new", "tuned")),
    "of_preserved": ("share of the preserved / %", ("scratch_shared", "preserved")),
}
_MEASURES = {"share": "share", "scratch_ratio": "of_preserved"}  # of the table of permuted effects
_CEILINGS = {  # pairs that share as much as a second training could keep, as the title says it
    ("probe", SHAM): "a sham fine-tuning keeps",
    ("finetune", "finetune_again"): "two fine-tunings from one start share",
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one row of panels a share, one line a kind of pair."""
    ends = _ends(given, settings)
    measured = f"{settings.cast.roles.get(Role.REFERENCE)}_vs_{settings.model}"  # has a row of its own
    pairs = given["controls"][given["controls"]["kind"] != measured]
    cells, kinds = tables.cells(pairs), _kinds(pairs, settings)
    styles = {kind: Look(label, GREY, "s") for kind, label in kinds.items()}
    scratch = settings.cast.roles.get(Role.SCRATCH, settings.cast.name_of("scratch"))
    measures = looks([settings.model, scratch], settings)
    rows = list(kinds.values())
    last = {share: measures[scratch if share == "of_preserved" else settings.model] for share in SHARES}
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=len(SHARES),
        height=0.42 + 0.14 * (len(rows) + len(ends)),
        title=_title(pairs, ends, settings),
        note=_note(pairs, settings),
    )
    for index, (cell, column) in enumerate(zip(cells, grid.axes, strict=True)):
        here = tables.in_cell(pairs, cell)
        for (share, (label, _)), axis in zip(SHARES.items(), column, strict=True):
            for place, (kind, look) in enumerate(styles.items()):
                _draw_pairs(axis, tables.only(here, kind=kind), share, place, look, settings)
            below = {kind: tables.only(shares, share=share) for kind, shares in ends.items()}
            below = {kind: shares for kind, shares in below.items() if len(shares)}
            for place, (kind, shares) in enumerate(below.items(), len(kinds)):
                look = replace(last[share], hollow=kind != "measured")
                for _, interval in tables.in_cell(shares, cell).iterrows():
                    percent = 100 * interval[["estimate", "low", "high"]].clip(0, 1)
                    marks.mean(axis, percent, place, look)
                    axis.axvline(percent["estimate"], color=look.colour, linewidth=0.6, alpha=0.5, zorder=0)
            labels = [*rows, *(f"{kind}: {last[share].label}" for kind in below)]
            marks.categories(axis, labels, shown=grid.is_first(index))
            axis.set_xlim(0, 100)
            axis.set_xlabel(label)
    return figure, _shown(pairs, ends)


def _title(pairs: pd.DataFrame, ends: Mapping[str, pd.DataFrame], settings: Settings) -> str:
    """The measured share with its floor and its ceiling."""
    if "measured" not in ends:
        return "How much any two models share"

    def share(table: pd.DataFrame, column: str) -> str:
        return span(100 * table.groupby(["architecture", "target"])[column].mean())

    found = {kind: share(tables.only(table, share="share"), "estimate") for kind, table in ends.items()}
    said = f"The {settings.cast[settings.model].label} model preserves {found['measured']} %"
    if "permuted" in found:
        said += f"; chance gives {found['permuted']} %"
    parts = {tuple(member.part for member in members): kind for kind, members in _members(pairs, settings).items()}
    ceiling = next((key for key in _CEILINGS if key in parts), None)
    if ceiling:
        said += f"; {_CEILINGS[ceiling]} {share(tables.only(pairs, kind=parts[ceiling]), 'share')} %"
    return said


def _ends(given: Mapping[str, Any], settings: Settings) -> dict[str, pd.DataFrame]:
    """The rows below the pairs: the measured shares, and the same with one model's effects permuted."""
    found = {
        "measured": _measured(given.get("knowledge"), settings),
        "permuted": _permuted(given.get("permutation_null"), settings),
    }
    return {kind: table for kind, table in found.items() if table is not None}


def _permuted(null: pd.DataFrame | None, settings: Settings) -> pd.DataFrame | None:
    """Chance level of the fine-tuned model's shares over all orders."""
    if null is None:
        return None
    rows = tables.only(null, model=settings.model, order="all").assign(share=null["measure"].map(_MEASURES))
    return tables.by_seed(
        rows.dropna(subset="share"), ["architecture", "target", "share"], "chance", settings.confidence
    )


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


def _draw_pairs(axis: Axes, pairs: pd.DataFrame, share: str, place: int, look: Look, settings: Settings) -> None:
    """Each pair and their mean, with an interval where both of a pair are of one seed: these pairs share no model."""
    percent = 100 * pairs[share].dropna()
    marks.dots(axis, percent.to_numpy(), place, look)
    if len(percent):
        found = seed_interval(percent.to_numpy(), settings.confidence)
        within = (pairs["seed_a"] == pairs["seed_b"]).all()
        low, high = (found.low, found.high) if within else (np.nan, np.nan)
        marks.mean(axis, pd.Series({"estimate": found.estimate, "low": low, "high": high}), place, look)


def _note(pairs: pd.DataFrame, settings: Settings) -> str:
    name = settings.cast[settings.model].label
    sizes = pairs.groupby(["architecture", "target", "kind"]).size()
    return (
        f"{tables.extent(sizes)} pairs of models a kind; hollow: each pair, filled: mean; line: "
        f"{100 * settings.confidence:g} % t-interval, none for pairs of two seeds, which share models. Of a pair "
        "(a, b): part of a that b has; part of b that a lacks; part of what the "
        f"{name} model preserved that b has. Measured: the {name} model against its pre-trained one, and at the bottom"
        f" what scratch has of the preserved; {100 * settings.confidence:g} % bootstrap intervals. Permuted (hollow): "
        "the same after the effects of the second model were permuted among subsets of equal size; mean over seeds."
    )


def _shown(pairs: pd.DataFrame, ends: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    keys = [column for column in pairs if column not in SHARES]
    each = pairs.melt(keys, list(SHARES), var_name="share", value_name="estimate")
    return pd.concat([each, *(table.assign(kind=kind) for kind, table in ends.items())], ignore_index=True)


def _kinds(pairs: pd.DataFrame, settings: Settings) -> dict[str, str]:
    """What each kind of pair is called, from ceiling to floor, the known ones first."""
    found: dict[str, tuple[int, str]] = {}
    for kind, members in _members(pairs, settings).items():
        key = tuple(member.part for member in members) if len(members) == 2 else kind
        place = [*_KINDS].index(key) if key in _KINDS else len(_KINDS)
        label = _KINDS.get(key) or " / ".join(member.label for member in members)
        found[kind] = place, label.format(sample=settings.sample)
    return {kind: label for kind, (_, label) in sorted(found.items(), key=lambda item: item[1][0])}


def _members(pairs: pd.DataFrame, settings: Settings) -> dict[str, list[Member]]:
    """What is known of the models of each kind of pair."""
    models = [*(member.name for member in settings.cast.methods), *CONTROLS]
    by_name = {f"{one}_vs_{other}": (one, other) for one, other in product(models, repeat=2)}
    kinds = pairs["kind"].unique()
    return {kind: [settings.cast[name] for name in by_name.get(kind, kind.split("_vs_"))] for kind in kinds}
