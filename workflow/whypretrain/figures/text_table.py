"""A table of text as a panel: rows with a label at the left, columns with a heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

LEFT = -2.2  # of the labels, in columns


def write(
    axis: Axes, title: str, labels: Sequence[str], columns: Sequence[str], cell: Callable[[int, int], tuple[str, bool]]
) -> None:
    """Fill a panel with what `cell` has for each line and column: its text, and whether it is bold."""
    axis.set(xlim=(LEFT, len(columns) - 0.4), ylim=(len(labels) - 0.4, -1.5), title=title)
    axis.set_axis_off()
    for place, column in enumerate(columns):
        axis.text(place, -1.0, column, ha="center", va="center", fontsize=6.5, weight="bold")
        for line in range(len(labels)):
            text, bold = cell(line, place)
            weight = "bold" if bold else "normal"
            axis.text(place, line, text, ha="center", va="center", fontsize=6, weight=weight)
    for line, label in enumerate(labels):
        axis.text(LEFT + 0.05, line, label, va="center", fontsize=6.5)
