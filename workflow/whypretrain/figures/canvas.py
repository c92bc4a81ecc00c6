"""The page that a figure is drawn on: title, legend, panels, and a line that says what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from whypretrain.figures.lettering import width_of, wrapped
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PANELS, RC, WIDTH

_TITLE, _NOTE = 8.5, 7.0  # points
_POINT = 1 / 72  # inches
_MARGIN = 0.06  # inches at the left and right of title and note
_MARK, _BETWEEN = 0.34, 0.14  # inches of a legend: mark with the space after it, between columns


@dataclass(frozen=True)
class Grid:
    """Axes of a page: one column a panel, one row a kind of plot.

    Attributes:
        axes: shape (panels, kinds).
        across: panels side by side.
    """

    axes: np.ndarray
    across: int

    def is_first(self, panel: int) -> bool:
        """Whether the panel stands at the left edge."""
        return panel % self.across == 0

    def label(self, x: str, y: Sequence[str]) -> None:
        """Label y at the left edge, one label a kind, and x below the last kind."""
        for panel, column in enumerate(self.axes):
            column[-1].set_xlabel(x)
            for axis, text in zip(column, y, strict=True):
                if self.is_first(panel):
                    axis.set_ylabel(text)

    def share(self, kind: int, *, low: float | None = None, high: float | None = None) -> None:
        """One y range for a kind in all panels: that of the data, or the bound given; ticks at the left edge."""
        limits = [axis.get_ylim() for axis in self.axes[:, kind]]
        bottom = min(limit[0] for limit in limits) if low is None else low
        top = max(limit[1] for limit in limits) if high is None else high
        for panel, axis in enumerate(self.axes[:, kind]):
            axis.set_ylim(bottom, top)
            axis.tick_params(labelleft=self.is_first(panel))


def canvas(
    settings: Settings, *, title: str, note: str, height: float, handles: Sequence[Any] = ()
) -> tuple[Figure, SubFigure]:
    """An empty figure with title, legend and note, and the part of it that is left for the panels.

    Arguments:
        title: what is shown, in a sentence.
        note: numbers of seeds and samples, what the error bars are, sources.
        height: of the panels' part, inches.
        handles: entries of one legend for the whole figure.
    """
    width = WIDTH[settings.columns]
    room = width - 2 * _MARGIN
    titles, notes = wrapped(title, room, _TITLE, bold=True), wrapped(note, room, _NOTE)
    columns = _legend_columns(handles, width)
    legend = 0.15 * math.ceil(len(handles) / columns) + 0.06 if handles else 0.0
    head = len(titles) * _TITLE * 1.3 * _POINT + 0.08 + legend
    foot = len(notes) * _NOTE * 1.35 * _POINT + 0.06
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)
    figure = Figure(figsize=(width, head + height + foot), layout=layout)
    parts = np.asarray(figure.subfigures(3, 1, height_ratios=[head, height, foot], hspace=0))
    top, body, bottom = parts.ravel()
    left = _MARGIN / width
    top.text(left, 1 - 0.04 / head, "\n".join(titles), va="top", fontsize=_TITLE, weight="bold")
    if handles:
        top.legend(
            handles=list(handles),
            loc="lower left",
            ncols=columns,
            bbox_to_anchor=(0, 0),
            borderaxespad=0.1,
            columnspacing=1.4,
            handlelength=2.4,
        )
    bottom.text(left, 1, "\n".join(notes), va="top", fontsize=_NOTE, color=GREY)
    return figure, body


def page(
    settings: Settings,
    *,
    panels: Sequence[str],
    kinds: int,
    height: float,
    title: str,
    note: str,
    handles: Sequence[Any] = (),
) -> tuple[Figure, Grid]:
    """A figure with `kinds` axes, each `height` inches tall, for each of the columns titled `panels`.

    The columns are wrapped to further blocks of rows where the page is too narrow for all of them; one column
    more than the usual number is squeezed in rather than left alone in a block.
    """
    usual = PANELS[settings.columns]
    number = len(panels)
    across = min(number, usual + (number == usual + 1))
    blocks = math.ceil(number / across)
    figure, body = canvas(settings, title=title, note=note, height=blocks * kinds * height + 0.1, handles=handles)
    grid = body.subplots(blocks * kinds, across, squeeze=False)
    axes = grid.reshape(blocks, kinds, across).transpose(0, 2, 1).reshape(blocks * across, kinds)
    for unused in axes[number:].ravel():
        unused.set_axis_off()
    for axis, text in zip(axes[:, 0], panels, strict=False):
        axis.set_title(text)
    return figure, Grid(axes[:number], across)


def settle(figure: Figure) -> None:
    """Lay the figure out once and for all formats, on a grid of 1e-5 of the page.

    The layout's solver orders its constraints by memory address, so that its last digits differ between runs;
    without the grid, so would the bytes of the files.
    """
    figure.draw_without_rendering()
    if _fit_labels(figure):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in figure.findobj(SubFigure):
        part.bbox_relative.update_from_data_xy(np.round(part.bbox_relative.get_points(), 5))
    for axis in figure.axes:
        axis.set_position(tuple(np.round(axis.get_position(original=True).bounds, 5)))


def _fit_labels(figure: Figure) -> bool:
    """Wrap labels of x axes and titles of panels that are wider than their panel; whether there are any."""
    changed = False
    titled = [axis for axis in figure.axes if axis.get_title(loc="left")]
    for axis in figure.axes:
        box = axis.get_window_extent()
        boxes = [other.get_window_extent() for other in titled if other is not axis]
        starts = [other.x0 for other in boxes if other.x0 > box.x1 and other.y0 < box.y1 and other.y1 > box.y0]
        rooms = {axis.xaxis.label: box.x1, axis._left_title: min(starts, default=figure.bbox.x1)}  # type: ignore[attr-defined]
        for label, end in rooms.items():
            size, room = float(label.get_fontsize()), (end - box.x0) / figure.dpi
            lines = label.get_text().split("\n")
            fitting = [part for line in lines for part in wrapped(line, room, size)]
            if fitting != lines:
                label.set_text("\n".join(fitting))
                changed = True
    return changed


def say_empty(axis: Axes, text: str = "not measured") -> None:
    """Say in the middle of a panel that it has nothing to show."""
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color=GREY, fontsize=6.5)


def _legend_columns(handles: Sequence[Any], width: float) -> int:
    """As many columns of a legend as fit; entries go down the columns."""
    widths = np.array([_MARK + width_of(handle.get_label(), RC["legend.fontsize"]) for handle in handles])
    for columns in range(len(widths), 1, -1):
        if sum(column.max() for column in np.array_split(widths, columns)) + _BETWEEN * columns <= width:
            return columns
    return 1
