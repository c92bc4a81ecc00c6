"""The strongest preserved, discarded and new interactions of a sentence, marked in it, and what hiding them does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from whypretrain.data.words import owned_words
from whypretrain.figures import canvas, hiding, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, INK, KNOWLEDGE, WIDTH

_SIZE, _FONT = 6.0, "DejaVu Sans Mono"  # points; a letter is 0.602 wide, so that lines can be laid out before drawing
_LETTER, _LINE = 0.602 * _SIZE / 72, 1.9 * _SIZE / 72  # inches
_POINTS = 1.7  # inches for the panel at the right
_BELOW = 1.1  # inches of that panel where it stands below the sentences
_INDENT = 18  # letters before a sentence


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One block an architecture and target: sentences with the words of their strongest interactions in boxes."""
    strongest = tables.some(given["strongest"], "strongest", model=settings.model)
    cells = tables.cells(strongest)
    chosen = pd.concat([hiding.first(tables.in_cell(strongest, cell), settings.pictures) for cell in cells])
    changes = hiding.changes(strongest, settings)
    narrow = settings.columns == "one"
    wide = WIDTH[settings.columns] - (0 if narrow else _POINTS) - 0.15
    letters = int(wide / _LETTER) - _INDENT
    blocks = [_laid_out(given, cell[1], tables.in_cell(chosen, cell), letters) for cell in cells]
    heights = [max(0.9, _LINE * (sum(len(line[2]) for line in block) + 1)) + 0.3 for block in blocks]
    figure, body = canvas.canvas(
        settings,
        height=sum(heights) + 0.2 + (_BELOW * len(cells) if narrow else 0),
        title=hiding.title(changes, settings),
        note=hiding.note(strongest, settings, pictures=False),
        handles=[look.handle(line=False) for look in hiding.HIDDEN.values()],
    )
    panels = _panels(body, [wide, _POINTS - 0.4], heights, narrow=narrow)
    for cell, block, (words, points) in zip(cells, blocks, panels, strict=True):
        words.set_title(tables.cell_title(cell))
        _draw_block(words, block, letters + _INDENT)
        hiding.draw_changes(points, tables.in_cell(changes, cell))
    marks.share_x(points for _, points in panels)
    for _, points in panels:
        points.set_xlabel("change of log-odds", fontsize=6.5)
    return figure, pd.concat([chosen.assign(shows="sentence"), changes.assign(shows="change")])


def _panels(body: SubFigure, widths: list[float], heights: list[float], *, narrow: bool) -> list[tuple[Axes, Axes]]:
    """Panels for words and points: side by side, or the points below the words where the page is narrow."""
    if narrow:
        ratios = [height for words in heights for height in (words, _BELOW)]
        parts = np.ravel(np.asarray(body.subfigures(len(ratios), 1, height_ratios=ratios)))
        grid = np.array([part.subplots() for part in parts]).reshape(-1, 2)
    else:
        grid = body.subplots(len(heights), 2, squeeze=False, width_ratios=widths, height_ratios=heights)
    return [(words, points) for words, points in grid]


_Word = tuple[str, bool, bool]  # text, whether it is a player, whether it belongs to the interaction
_Entry = tuple[str, str, list[list[_Word]]]  # kind, what stands before the sentence, its lines


def _laid_out(given: Mapping[str, Any], target: str, rows: pd.DataFrame, letters: int) -> list[_Entry]:
    """The sentences of a target, once for each kind of interaction, cut into lines."""
    players = tables.known({each.target: each for each in given["players"]}, target, "players")
    data = tables.known(given["target_data"], target, "target data")
    found = []
    for sample, group in rows.groupby("sample", sort=False):
        sentence = data.manifest[(data.manifest["id"] == sample).to_numpy()].iloc[0]
        text = sentence["text"]
        owned = owned_words(text, sentence["words"], players.owner(str(sample)))
        for kind in KNOWLEDGE:
            part = tables.only(group, kind=kind)
            if part.empty:
                continue
            coalition, effect = int(part.iloc[0]["coalition"]), float(part.iloc[0]["effect"])
            words = [
                (text[start:end], player >= 0, player >= 0 and bool(coalition >> player & 1))
                for start, end, player in owned
            ]
            label = KNOWLEDGE[kind].label.removeprefix("newly ")
            found.append((kind, f"{label:<10}{effect:+.2f}", _wrapped(words, letters)))
    return found


def _wrapped(words: list[_Word], letters: int) -> list[list[_Word]]:
    lines: list[list[_Word]] = [[]]
    room = letters
    for word in words:
        if len(word[0]) > room and lines[-1]:
            lines.append([])
            room = letters
        lines[-1].append(word)
        room -= len(word[0]) + 1
    return lines


def _draw_block(axis: Axes, block: list[_Entry], letters: int) -> None:
    """Lines of words from the top down; boxes are solid, dashed or dotted by kind."""
    place = 0
    for kind, label, lines in block:
        _write(axis, 0, place, label, color=GREY)
        for line in lines:
            column = _INDENT
            for text, is_player, is_member in line:
                box = {
                    "boxstyle": "square,pad=0.15",
                    "fill": False,
                    "linewidth": 0.9,
                    "linestyle": KNOWLEDGE[kind].line,
                }
                how = {"bbox": {**box, "edgecolor": INK}, "weight": "bold"} if is_member else {}
                _write(axis, column, place, text, color=INK if is_player else GREY, **how)
                column += len(text) + 1
            place += 1
    axis.set(xlim=(0, letters), ylim=(max(place, 1) - 0.3, -0.8), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def _write(axis: Axes, column: int, line: int, text: str, **how: Any) -> None:
    axis.text(column, line, text, fontsize=_SIZE, family=_FONT, va="center", clip_on=False, **how)
