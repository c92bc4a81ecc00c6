"""A table of text as a panel: rows with a label at the left, columns with a heading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from whypretrain.figures.lettering import wrapped
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import WIDTH

LEFT = -2.2  # of the labels, in columns
_LINE = {"one": 0.24, "two": 0.155}  # inches of a line; a narrow page has the ± of a value below it


def height(settings: Settings, lines: int) -> float:
    """Inches of a table with so many lines."""
    return 0.5 + _LINE[settings.columns] * lines


def write(
    axis: Axes,
    title: str,
    labels: Sequence[str],
    columns: Sequence[str],
    cell: Callable[[int, int], tuple[str, bool]],
    settings: Settings,
) -> None:
    """Fill a panel with what `cell` has for each line and column: its text, and whether it is bold."""
    narrow = settings.columns == "one"
    slot = (WIDTH[settings.columns] - 0.2) / (len(columns) - 0.4 - LEFT)  # inches of a column
    axis.set(xlim=(LEFT, len(columns) - 0.4), ylim=(len(labels) - 0.4, -1.5), title=title)
    axis.set_axis_off()
    for place, column in enumerate(columns):
        heading = "\n".join(wrapped(column, slot, 6, bold=True))
        axis.text(place, -1.0, heading, ha="center", va="center", fontsize=6 if narrow else 6.5, weight="bold")
        for line in range(len(labels)):
            text, bold = cell(line, place)
            weight = "bold" if bold else "normal"
            shown = text.replace(" ±", "\n±") if narrow else text
            axis.text(place, line, shown, ha="center", va="center", fontsize=5.5 if narrow else 6, weight=weight)
    for line, label in enumerate(labels):
        named = "\n".join(wrapped(label, -(LEFT + 0.5) * slot, 6.5))
        axis.text(LEFT + 0.05, line, named, va="center", fontsize=6 if narrow else 6.5)
