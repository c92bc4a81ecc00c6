"""Tables on the terminal."""

from __future__ import annotations

import pandas as pd


def print_table(table: pd.DataFrame) -> None:
    """Print a table in columns, numbers with four digits."""
    cells = table.map(lambda value: f"{value:.4g}" if isinstance(value, float) else str(value))
    rows = [list(table.columns), *cells.to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
