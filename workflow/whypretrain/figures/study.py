"""What the figures of the published selection study share: a panel for each pre-training and target."""

from __future__ import annotations

import pandas as pd

from whypretrain.figures import tables
from whypretrain.figures.style import words

PAIR = ["pretraining", "target"]


def pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    """(pre-training, target) of each panel, in the table's order."""
    return list(table[PAIR].drop_duplicates().itertuples(index=False, name=None))


def in_pair(table: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    """The rows of one panel."""
    return tables.only(table, pretraining=pair[0], target=pair[1])


def title(pair: tuple[str, str]) -> str:
    """Title of a panel."""
    return f"{words(pair[0])} · {pair[1]}"
