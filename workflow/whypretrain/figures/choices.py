"""How the shares depend on what was chosen: threshold, normalisation, players, what hides them, the probe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, KNOWLEDGE, VERMILLION, Look, words
from whypretrain.figures.wording import span

MEASURED = "default"  # the variant that the other figures show
_LOOKS = {
    "preserve_share": Look("preserved share", KNOWLEDGE["preserved"].colour, "s"),
    "new_share": Look("new share", BLACK, "o", KNOWLEDGE["new"].line),
    "scratch_ratio": Look("ratio r", VERMILLION, "^", (0, (4, 1.5))),
}
_KEYS = ["architecture", "target", "reference", "players", "threshold", "normalised", "variant"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target: shares over the threshold, and one line a setting that differs."""
    rows = tables.some(given["sensitivity"], "sensitivity", model=settings.model)
    parts = [tables.by_seed(rows, _KEYS, share, settings.confidence).assign(share=share) for share in _LOOKS]
    shown = pd.concat(parts, ignore_index=True)
    shown = shown.assign(setting=_settings(shown, settings))
    cells = tables.cells(shown)
    names = {name: name for name in shown["setting"].unique() if name}
    names |= {words(each): settings.cast[each].label for each in shown["reference"] if words(each) in names}
    figure, body = canvas.canvas(
        settings,
        height=_height(len(cells), len(names), settings),
        title=_title(shown, settings),
        note=_note(rows, settings),
        handles=[look.handle() for look in _LOOKS.values()],
    )
    across = min(len(cells), 2 if settings.columns == "one" else 4)
    blocks = -(-len(cells) // across)
    ratios = [1.3, 0.35 + 0.17 * len(names)] * blocks
    grid = body.subplots(2 * blocks, across, squeeze=False, height_ratios=ratios)
    for axis in grid.ravel():
        axis.set_axis_off()
    for index, cell in enumerate(cells):
        block, column = divmod(index, across)
        above, below = grid[2 * block, column], grid[2 * block + 1, column]
        here = tables.in_cell(shown, cell)
        _draw_thresholds(above, here, settings, first=column == 0)
        _draw_settings(below, here, names, first=column == 0)
        above.set_title(tables.cell_title(cell))
    return figure, shown


def _settings(shown: pd.DataFrame, settings: Settings) -> pd.Series:
    """What differs from the measured setting in one respect at the main threshold; empty for other rows."""
    main = shown["threshold"] == nearest(shown["threshold"], settings.threshold)
    plain = {
        "normalised": shown["normalised"] == settings.normalised,
        "players": shown["players"] == _usual(shown, "players"),
        "reference": shown["reference"] == _usual(shown, "reference"),
        "variant": shown["variant"] == MEASURED,
    }
    plain["players"] |= ~plain["variant"]  # a variant has its own number of players
    names = pd.Series("", index=shown.index)
    same = pd.DataFrame(plain)
    names[main & same.all(axis=1)] = "as measured"
    one = main & (same.sum(axis=1) == 3)
    names[one & ~plain["normalised"]] = "raw" if settings.normalised else "normalised"
    names[one & ~plain["players"]] = shown["players"].astype(str) + " players"
    names[one & ~plain["reference"]] = shown["reference"].map(words)
    names[one & ~plain["variant"]] = shown["variant"].map(words)
    return names


def _title(shown: pd.DataFrame, settings: Settings) -> str:
    """How far the preserved share moves, at most over all panels, with the threshold and with the other settings."""
    own = tables.only(shown, share="preserve_share")
    usual = {column: _usual(own, column) for column in ("players", "reference")}
    thresholds = tables.only(own, variant=MEASURED, normalised=settings.normalised, **usual)
    moved = [
        span([(100 * rows.groupby(["architecture", "target"])["estimate"].agg(np.ptp)).max()])
        for rows in (thresholds, own[own["setting"] != ""])
    ]
    return f"The threshold moves the preserved share by at most {moved[0]} points, other settings by {moved[1]}"


def nearest(thresholds: pd.Series, wanted: float) -> float:
    """The threshold of the table that comes nearest to the one wanted."""
    return float(thresholds.iloc[(thresholds - wanted).abs().argmin()])


def _usual(shown: pd.DataFrame, column: str) -> Any:
    """The value of the measured rows: most players, first reference."""
    measured = tables.only(shown, variant=MEASURED)[column]
    return measured.max() if column == "players" else measured.iloc[0]


def _draw_thresholds(axis: Axes, here: pd.DataFrame, settings: Settings, *, first: bool) -> None:
    usual = {column: _usual(here, column) for column in ("players", "reference")}
    curves = tables.only(here, variant=MEASURED, normalised=settings.normalised, **usual)
    axis.set_axis_on()
    for share, look in _LOOKS.items():
        part = tables.only(curves, share=share).sort_values("threshold")
        percent = 100 * part[["estimate", "low", "high"]].clip(0, 1)
        marks.band(axis, 100 * part["threshold"].to_numpy(), percent, look)
    axis.set_ylim(0, 104)
    axis.set_xlabel("threshold / %")
    axis.tick_params(labelleft=first)
    if first:
        axis.set_ylabel("share / %")


def _draw_settings(axis: Axes, here: pd.DataFrame, names: Mapping[str, str], *, first: bool) -> None:
    axis.set_axis_on()
    for place, name in enumerate(names):
        for shift, (share, look) in zip((-0.22, 0.0, 0.22), _LOOKS.items(), strict=True):
            for _, interval in tables.only(here, setting=name, share=share).iterrows():
                percent = 100 * interval[["estimate", "low", "high"]].astype(float).clip(0, 1)
                marks.mean(axis, percent, place + shift, look)
    marks.categories(axis, list(names.values()), shown=first)
    axis.set_xlim(0, 100)
    axis.set_xlabel("share / %")


def _height(cells: int, settings_shown: int, settings: Settings) -> float:
    blocks = -(-cells // (2 if settings.columns == "one" else 4))
    return blocks * (1.3 + 0.35 + 0.17 * settings_shown + 0.5)


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    name = settings.cast[settings.model].label
    bars = tables.seed_words(rows, settings.confidence)
    return (
        f"{tables.seeds(rows)}; the {name} model; mean over seeds, {bars}. Above: thresholds of salience, in % of the"
        " strongest effect. Below: the setting of the other figures, and what each change of one setting does:"
        " effects without normalising the models, fewer players (the others shown), another probe, and variants"
        " scored anew, by their names."
    )
