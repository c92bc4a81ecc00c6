"""Whether blocks whose weights moved further forgot more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import looks
from whypretrain.statistics import Interval, seed_interval, spearman, spearman_interval

_CELL = ["architecture", "target", "model"]
#: Measures of change, each larger the more a block changed.
MEASURES = {
    "relative change": lambda rows: rows["relative_change"],
    "1 - cosine": lambda rows: 1 - rows["cosine"],
    "rank / random": lambda rows: rows["effective_rank"] / rows["random_rank"],
}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column a model: forgetting against relative change, below it the rank correlations."""
    layers = tables.some(given["layers"], "layers", estimator=settings.estimator)
    keys = [*_CELL, "seed", "layer"]
    forgotten = layers[[*keys, "forgetting"]]
    blocks = given["changed_weights"].dropna(subset="layer").merge(forgotten, on=keys)
    cells = list(blocks[_CELL].drop_duplicates().itertuples(index=False, name=None))
    styles = looks(blocks["model"], settings)
    figure, grid = canvas.page(
        settings,
        panels=[f"{tables.cell_title(cell[:2])}\n{styles[cell[2]].label}" for cell in cells],
        kinds=2,
        height=1.3,
        title="Change of weights and forgetting, block by block",
        note=_note(blocks, settings),
    )
    shown = []
    for place, (cell, (points, lines)) in enumerate(zip(cells, grid.axes, strict=True)):
        part, look = tables.only(blocks, **dict(zip(_CELL, cell, strict=True))), styles[cell[2]]
        points.plot(part["relative_change"], part["forgetting"], "o", color=look.colour, markersize=3)
        points.set_xlabel("relative change of weights")
        marks.few_ticks(points)
        for row, (name, measure) in enumerate(MEASURES.items()):
            found = _correlation(part.assign(change=measure(part)), settings.confidence)
            shown.append(
                {**tables.row(cell[:2], found, model=cell[2], measure=name), "blocks": part["layer"].nunique()}
            )
            marks.mean(lines, pd.Series(shown[-1]), row, look)
        marks.categories(lines, list(MEASURES), shown=grid.is_first(place))
        lines.axvline(0, color="#B3B3B3", linewidth=0.8, zorder=0)
        lines.set_xlim(-1.05, 1.05)
        lines.set_xlabel("Spearman correlation")
        if grid.is_first(place):
            points.set_ylabel("forgetting")
    return figure, pd.DataFrame(shown)


def _correlation(rows: pd.DataFrame, confidence: float) -> Interval:
    """Over blocks where there is one seed; else of every seed, with the interval over seeds."""
    found = [spearman_interval(part["change"], part["forgetting"], confidence) for _, part in rows.groupby("seed")]
    if len(found) == 1:
        return found[0]
    return seed_interval([spearman(part["change"], part["forgetting"]) for _, part in rows.groupby("seed")], confidence)


def _note(blocks: pd.DataFrame, settings: Settings) -> str:
    several = tables.repeated(blocks)
    bars = tables.interval_words(settings.confidence, "t-interval over seeds", repeated=True)
    alone = f"{100 * settings.confidence:g} % intervals over blocks as if these were independent, which they are not"
    return (
        f"{tables.seeds(blocks)}; {bars if several else alone}. Chance level 0 (line). Rank: effective rank of the "
        "change, relative to that of a Gaussian matrix of its shape. One network has few blocks: an interval that "
        "holds 0 decides nothing."
    )
