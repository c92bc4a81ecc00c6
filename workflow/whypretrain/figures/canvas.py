"""The page that a figure is drawn on: title, legend, panels, and a line that says what was measured."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PANELS, WIDTH

_TITLE, _NOTE = 8.5, 6.2  # points
_POINT = 1 / 72  # inches
_LETTER = 0.56  # mean width of a letter, in font sizes


def canvas(
    settings: Settings, *, title: str, note: str, height: float, handles: Sequence[Any] = ()
) -> tuple[Figure, SubFigure]:
    """An empty figure with its title, legend and note in place, and the part of it that is left for the panels.

    Arguments:
        title: what is shown, in a sentence.
        note: numbers of seeds and samples, what the error bars are, sources.
        height: of the panels' part, inches.
        handles: entries of one legend for the whole figure.
    """
    width = WIDTH[settings.columns]
    titles, notes = _wrapped(title, width, _TITLE * 1.08), _wrapped(note, width, _NOTE)
    columns = _legend_columns(handles, width)
    legend = 0.17 * math.ceil(len(handles) / columns) + 0.04 if handles else 0.0
    head = len(titles) * _TITLE * 1.3 * _POINT + 0.08 + legend
    foot = len(notes) * _NOTE * 1.35 * _POINT + 0.06
    figure = Figure(figsize=(width, head + height + foot), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02)  # type: ignore[union-attr]
    top, body, bottom = figure.subfigures(3, 1, height_ratios=[head, height, foot], hspace=0)
    left = 0.06 / width
    top.text(left, 1 - 0.04 / head, "\n".join(titles), va="top", fontsize=_TITLE, weight="bold")
    if handles:
        top.legend(
            handles=list(handles), loc="lower left", ncols=columns, bbox_to_anchor=(0, 0),
            borderaxespad=0.1, columnspacing=1.4, handlelength=2.4,
        )  # fmt: skip
    bottom.text(left, 1, "\n".join(notes), va="top", fontsize=_NOTE, color=GREY)
    return figure, body


def page(
    settings: Settings, *, panels: int, kinds: int, height: float, title: str, note: str, handles: Sequence[Any] = ()
) -> tuple[Figure, np.ndarray]:
    """A figure with `kinds` axes for each of `panels` columns, wrapped to further rows where the page is too narrow.

    Returns:
        The figure and its axes, shape (panels, kinds).
    """
    across = across_page(settings, panels)
    blocks = math.ceil(panels / across)
    figure, body = canvas(settings, title=title, note=note, height=blocks * kinds * height + 0.1, handles=handles)
    grid = body.subplots(blocks * kinds, across, squeeze=False)
    axes = grid.reshape(blocks, kinds, across).transpose(0, 2, 1).reshape(blocks * across, kinds)
    for unused in axes[panels:].ravel():
        unused.set_axis_off()
    return figure, axes[:panels]


def across_page(settings: Settings, panels: int) -> int:
    """How many of `panels` stand side by side."""
    return min(panels, PANELS[settings.columns])


def label_outer(settings: Settings, axes: np.ndarray, x: str | Sequence[str], y: Sequence[str]) -> None:
    """Labels of `page` axes: y at the left of each row, x below the last kind (or below every kind, if one each)."""
    across = across_page(settings, len(axes))
    for index, column in enumerate(axes):
        for kind, axis in enumerate(column):
            if index % across == 0:
                axis.set_ylabel(y[kind])
            if not isinstance(x, str):
                axis.set_xlabel(x[kind])
            elif kind == len(column) - 1:
                axis.set_xlabel(x)


def share_limits(axes: np.ndarray, *, low: float | None = None, high: float | None = None) -> None:
    """Give all axes the same y range: that of their data, or the bound given, and tick labels only where they differ."""
    limits = [axis.get_ylim() for axis in axes.ravel()]
    bottom = low if low is not None else min(limit[0] for limit in limits)
    top = high if high is not None else max(limit[1] for limit in limits)
    for axis in axes.ravel():
        axis.set_ylim(bottom, top)


def say_empty(axis: Axes, text: str = "not measured") -> None:
    """Say in the middle of a panel that it has nothing to show."""
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color=GREY, fontsize=6.5)


def _wrapped(text: str, width: float, size: float) -> list[str]:
    return textwrap.wrap(text, max(20, int((width - 0.1) / (size * _LETTER * _POINT))))


def _legend_columns(handles: Sequence[Any], width: float) -> int:
    longest = max((len(handle.get_label()) for handle in handles), default=1)
    entry = 0.42 + longest * 7 * _LETTER * _POINT
    return max(1, min(len(handles), int(width / entry)))
