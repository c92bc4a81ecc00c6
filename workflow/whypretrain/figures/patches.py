"""The strongest preserved, discarded and new interactions of an image, drawn on it, and what hiding them does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from whypretrain.figures import canvas, hiding, marks, tables
from whypretrain.figures.players import Players
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, KNOWLEDGE, WIDTH

_FADED = 0.25  # contrast that is left of what does not belong to the interaction


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One line an architecture and target: images with their strongest patch sets, then the effect of hiding them."""
    strongest = tables.some(given["strongest"], "strongest", model=settings.model)
    cells = tables.cells(strongest)
    pictures = min(settings.pictures, 2 if settings.columns == "two" else 1)
    chosen = pd.concat([hiding.first(tables.in_cell(strongest, cell), pictures) for cell in cells])
    changes = hiding.changes(strongest, settings)
    side = (WIDTH[settings.columns] - 1.7) / (4 * pictures)
    figure, body = canvas.canvas(
        settings,
        height=0.3 + len(cells) * (side + 0.42),
        title=hiding.title(changes, settings),
        note=hiding.note(strongest, settings, pictures=True),
        handles=[look.handle(line=False) for look in hiding.HIDDEN.values()],
    )
    widths = [*[1.0] * (4 * pictures), 1.3 / side]
    grid = body.subplots(len(cells), len(widths), squeeze=False, width_ratios=widths)
    for cell, line in zip(cells, grid, strict=True):
        players, data = _of_target(given, cell[1])
        for place, (sample, rows) in enumerate(tables.in_cell(chosen, cell).groupby("sample", sort=False)):
            owner = players.owner(str(sample))
            image = data.images[(data.manifest["id"] == sample).to_numpy()][0]
            _draw_image(line[4 * place : 4 * place + 4], image, owner, rows)
        for axis in line[:-1]:
            _bare(axis)
        line[0].set_title(tables.cell_title(cell), pad=13)
        hiding.draw_changes(line[-1], tables.in_cell(changes, cell))
    marks.share_x(grid[:, -1])
    for axis, heading in zip(grid[0, :-1], ["image", *KNOWLEDGE] * pictures, strict=True):
        text = KNOWLEDGE[heading].label.removeprefix("newly ") if heading in KNOWLEDGE else heading
        axis.text(0.5, 1.08, text, transform=axis.transAxes, ha="center", fontsize=6, color=GREY)
    for axis in grid[:, -1]:
        axis.set_xlabel("change of log-odds", fontsize=6.5)
    return figure, pd.concat([chosen.assign(shows="picture"), changes.assign(shows="change")])


def _of_target(given: Mapping[str, Any], target: str) -> tuple[Players, Any]:
    players = {each.target: each for each in given["players"]}
    return tables.known(players, target, "players"), tables.known(given["target_data"], target, "target data")


def _draw_image(axes: np.ndarray, image: np.ndarray, owner: np.ndarray, rows: pd.DataFrame) -> None:
    """The image, then for each kind the image with the interaction's patches at full contrast and outlined."""
    shown = np.moveaxis(image, 0, -1).astype(float) / 255 @ np.full((len(image), 1), 1 / len(image))
    _show(axes[0], shown[..., 0])
    for axis, kind in zip(axes[1:], KNOWLEDGE, strict=True):
        found = tables.only(rows, kind=kind)
        if found.empty:
            canvas.say_empty(axis, "none")
            continue
        row = found.iloc[0]
        members = (owner >= 0) & ((int(row["coalition"]) >> np.maximum(owner, 0)) & 1 == 1)
        _show(axis, np.where(members, shown[..., 0], 0.5 + _FADED * (shown[..., 0] - 0.5)))
        _outline(axis, members)
        axis.set_xlabel(f"{row['effect']:+.2f}", fontsize=6)


def _show(axis: Axes, image: np.ndarray) -> None:
    axis.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")


def _outline(axis: Axes, members: np.ndarray) -> None:
    """White on black around the patches, so that it is seen on any image and in print."""
    y, x = np.nonzero(np.diff(members, axis=0, prepend=False, append=False))
    above = [[(left - 0.5, line - 0.5), (left + 0.5, line - 0.5)] for line, left in zip(y, x, strict=True)]
    y, x = np.nonzero(np.diff(members, axis=1, prepend=False, append=False))
    left = [[(line - 0.5, top - 0.5), (line - 0.5, top + 0.5)] for top, line in zip(y, x, strict=True)]
    for width, colour in ((2.2, "black"), (1.0, "white")):
        axis.add_collection(
            LineCollection(above + left, colors=colour, linewidths=width, capstyle="projecting", clip_on=False)
        )


def _bare(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.set_box_aspect(1)
