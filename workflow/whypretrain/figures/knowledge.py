"""Knowledge that fine-tuning preserved, discarded and added, per order (Fig. 2 of arXiv:2410.08455)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from whypretrain.figures import canvas, degrees, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, BLUE, DASHED, INK, KNOWLEDGE
from whypretrain.figures.wording import span
from whypretrain.statistics import Interval, ratio_interval

SHARES = {"preserved": "pre", "discarded": "pre", "new": "tuned"}  # share: what it is a share of
_SIDES = {"pre": (-0.21, "discarded"), "tuned": (0.21, "new")}  # model: where its bar stands, what is on top
# As lines; the complement of the preserved share is left out, and the pale colour of bars is too faint for a line.
_LINES = {"preserved": KNOWLEDGE["preserved"], "new": replace(KNOWLEDGE["new"], colour=BLUE)}


def main_rows(knowledge: pd.DataFrame, settings: Settings, *, model: str | None = None) -> pd.DataFrame:
    """The rows of one normalisation and threshold (the table's, if it has but one), of one model or all."""
    thresholds = knowledge["threshold"].unique()
    threshold = thresholds[0] if len(thresholds) == 1 else settings.threshold
    wanted: dict[str, object] = {"normalised": settings.normalised, "threshold": threshold}
    return tables.some(knowledge, "knowledge", **wanted, **({"model": model} if model else {}))


def preserved_share(rows: pd.DataFrame, settings: Settings) -> Interval:
    """Preserved over pre-trained strength, summed over orders, images and seeds, with its interval."""
    return total(rows, "preserved", "pre", settings)


def total(rows: pd.DataFrame, part: str, whole: str, settings: Settings) -> Interval:
    """One column over another, each summed over the rows' orders, images and seeds, with its interval."""
    return ratio_interval(
        tables.matrix(rows, part),
        tables.matrix(rows, whole),
        resamples=settings.resamples,
        confidence=settings.confidence,
        seed=settings.seed,
    )


def raw_rows(knowledge: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The rows of the other normalisation, none where the table has but one."""
    other = knowledge[knowledge["normalised"] != settings.normalised]
    return (
        other
        if other.empty
        else main_rows(other, settings.model_copy(update={"normalised": not settings.normalised}), model=settings.model)
    )


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Above: strength per order, stacked, pre-trained (left bar) and fine-tuned (right); below: shares."""
    rows = main_rows(given["knowledge"], settings, model=settings.model)
    cells = tables.cells(rows)
    amounts = _amounts(rows, settings)
    shares = pd.concat([_shares(tables.in_cell(rows, cell), cell, settings) for cell in cells], ignore_index=True)
    raw = raw_rows(given["knowledge"], settings)
    plain = [_shares(tables.in_cell(raw, cell), cell, settings).assign(shows="raw share") for cell in tables.cells(raw)]
    chance = by_chance(given.get("permutation_null"), settings, "share")
    shares = pd.concat([shares, *plain, *chance], ignore_index=True)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells)],
        kinds=2,
        height=1.35,
        handles=[
            *(look.patch() for look in KNOWLEDGE.values()),
            *(replace(look, label=f"{look.label}, share").handle() for look in _LINES.values()),
            *(
                Line2D([], [], color=BLACK, linewidth=0.8, linestyle=DASHED, label="preserved by chance")
                for _ in chance
            ),
        ],
        title=_title(rows, cells, settings),
        note=_note(rows, settings, chance=bool(chance)),
    )
    for cell, (stack, share) in zip(cells, grid.axes, strict=True):
        _draw_stacks(stack, tables.in_cell(amounts, cell))
        _draw_shares(share, tables.in_cell(shares, cell))
    grid.label(degrees.axis_label(settings), ["strength / %", "share / %"])
    grid.share(0, low=0)
    grid.share(1, low=0, high=104)
    return figure, pd.concat([amounts, shares], ignore_index=True)


def _title(rows: pd.DataFrame, cells: list[tuple[str, str]], settings: Settings) -> str:
    kept, new = (
        span(100 * total(tables.in_cell(rows, cell), part, whole, settings).estimate for cell in cells)
        for part, whole in (("preserved", "pre"), ("new", "tuned"))
    )
    label = settings.cast[settings.model].label
    return f"The {label} model kept {kept} % of the pre-trained interactions; {new} % of its own are new"


def by_chance(null: pd.DataFrame | None, settings: Settings, measure: str) -> list[pd.DataFrame]:
    """A measure by order after the fine-tuned model's effects were permuted, if that is known."""
    if null is None:
        return []
    rows = tables.only(null, model=settings.model, measure=measure)
    rows = rows[rows["order"].astype(str) != "all"].astype({"order": int})
    found = tables.by_seed(rows, ["architecture", "target", "order"], "chance", settings.confidence)
    return [found.assign(kind="by chance", shows="chance")] if len(found) else []


def _amounts(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Strength per order, as a share of all that the pre-trained model has: mean over seeds with its interval."""
    run, kinds = ["architecture", "target", "seed"], [*SHARES, *_SIDES]
    sums = rows.groupby([*run, "order"], sort=False)[kinds].sum(min_count=1)
    shares = sums.div(sums.groupby(run)["pre"].transform("sum"), axis=0).reset_index()
    keys = ["architecture", "target", "order"]
    parts = [
        tables.by_seed(shares, keys, kind, settings.confidence).assign(kind=kind, shows="strength") for kind in kinds
    ]
    return pd.concat(parts, ignore_index=True)


def _shares(rows: pd.DataFrame, cell: tuple[str, str], settings: Settings) -> pd.DataFrame:
    found = []
    for order, part in rows.groupby("order"):
        for kind, whole in SHARES.items():
            interval = total(part, kind, whole, settings)
            found.append(tables.row(cell, interval, order=order, kind=kind, shows="share"))
    return pd.DataFrame(found)


def _draw_stacks(axis: Axes, amounts: pd.DataFrame) -> None:
    amounts = amounts.assign(**100 * amounts[["estimate", "low", "high"]])
    table = amounts.pivot(index="order", columns="kind", values="estimate")
    for whole, (side, added) in _SIDES.items():
        below = np.zeros(len(table))
        for kind in ("preserved", added):
            look = KNOWLEDGE[kind]
            axis.bar(
                table.index + side,
                table[kind],
                0.4,
                below,
                color=look.colour,
                hatch=look.hatch,
                edgecolor="white",
                linewidth=0,
            )
            below = below + table[kind].to_numpy()
        bounds = tables.only(amounts, kind=whole).dropna(subset="low")
        axis.vlines(bounds["order"] + side, bounds["low"].clip(lower=0), bounds["high"], color=INK, linewidth=0.7)
    axis.set_xticks(_ticks(table.index.to_numpy()))


def _draw_shares(axis: Axes, shares: pd.DataFrame) -> None:
    chance = tables.only(shares, shows="chance").sort_values("order")
    axis.plot(chance["order"], 100 * chance["estimate"], color=BLACK, linewidth=0.8, linestyle=DASHED, label="chance")
    for kind, look in _LINES.items():
        part = tables.only(shares, kind=kind, shows="share").sort_values("order")
        percent = part[["estimate", "low", "high"]].clip(0, 1) * 100
        marks.band(axis, part["order"].to_numpy(), percent, look)
    axis.set_xticks(_ticks(shares["order"].to_numpy()))


def _ticks(orders: np.ndarray) -> np.ndarray:
    """Order 1, and from there in steps that leave at most six ticks."""
    first, last = int(orders.min()), int(orders.max())
    return np.arange(first, last + 1, max(1, -(-(last - first + 1) // 6)))


def _note(rows: pd.DataFrame, settings: Settings, *, chance: bool) -> str:
    samples = int(rows.groupby(["architecture", "target"])["sample"].nunique().max())
    repeated = tables.repeated(rows)
    bars, ends = (
        tables.interval_words(settings.confidence, kind, repeated=repeated)
        for kind in ("bootstrap interval", "t-interval over seeds")
    )
    level = " Chance: effects of the fine-tuned model permuted among sets of equal size." if chance else ""
    return (
        f"{tables.seeds(rows)}, {tables.count(samples, settings.sample)} each. Above: strength, as a share of all that "
        "the pre-trained model has; left bar: pre-trained = preserved + "
        f"discarded; right bar: fine-tuned = preserved + newly learned; {ends}. Below: preserved share of the "
        "pre-trained strength (the rest was discarded), new share of the fine-tuned strength; "
        f"{bars}. Threshold {rows['threshold'].iloc[0]:g}.{level}"
    )
