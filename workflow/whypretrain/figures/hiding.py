"""What hiding the strongest interactions does, and which of them are shown: the part of figures of single samples."""

from __future__ import annotations

from itertools import product

import pandas as pd
from matplotlib.axes import Axes

from whypretrain.figures import marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import INK, KNOWLEDGE, PALE, Look
from whypretrain.figures.wording import plural, span

HIDDEN = {
    "change": Look("these players hidden", INK, "D"),
    "random_change": Look("as many random players hidden", PALE, "o"),
}
_KEYS = ["architecture", "target", "kind"]


def first(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """The strongest interaction of each kind in the first images of the first seed."""
    rows = tables.only(rows, seed=rows["seed"].min(), rank=1)
    return rows[rows["sample"].isin(rows["sample"].unique()[:count])]


def changes(strongest: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Mean change of log-odds by hiding the strongest sets, and by hiding as many random players."""
    parts = [tables.by_seed(strongest, _KEYS, column, settings.confidence).assign(hidden=column) for column in HIDDEN]
    return pd.concat(parts, ignore_index=True)


def title(changes: pd.DataFrame, settings: Settings) -> str:
    """What hiding preserved sets does, and what hiding as many random players does."""
    kept = tables.only(changes, kind="preserved")
    own, chance = (span(tables.only(kept, hidden=column)["estimate"], 1) for column in HIDDEN)
    return f"Hiding preserved {plural(settings.player)} moves the log-odds by {own}, random ones by {chance}"


def draw_changes(axis: Axes, changes: pd.DataFrame) -> None:
    """Points with intervals: a row a kind of knowledge."""
    for (place, kind), (shift, (hidden, look)) in product(
        enumerate(KNOWLEDGE), zip((-0.15, 0.2), HIDDEN.items(), strict=True)
    ):
        for _, interval in tables.only(changes, kind=kind, hidden=hidden).iterrows():
            marks.mean(axis, interval, place + shift, look)
    marks.categories(axis, [KNOWLEDGE[kind].label.removeprefix("newly ") for kind in KNOWLEDGE])
    axis.set_xlim(left=0)
    axis.tick_params(labelsize=6)


def note(strongest: pd.DataFrame, settings: Settings, *, pictures: bool) -> str:
    """What is shown and how interactions are marked in it, and what the points are."""
    bars = tables.seed_words(strongest, settings.confidence)
    shown, marked = ("pictures", "outlined") if pictures else ("sentences", "in boxes; grey words are no players")
    where, samples = ("below", "images") if pictures else ("before it", "sentences")
    return (
        f"{tables.seeds(strongest)}; {shown}: first seed, the strongest interaction of each kind ({marked}), its"
        f" strength with its sign {where}. Points: change of the log-odds when the players of the "
        f"{int(strongest['rank'].max())} strongest interactions of a kind are hidden, each in turn, and when as many"
        f" random players are, mean over {samples}; {bars}."
    )
