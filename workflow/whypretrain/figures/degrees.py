"""What figures of agreement by degree have in common: the degrees that are shown, and all of them at the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from whypretrain.figures import tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import PALE
from whypretrain.figures.wording import plural

ALL = "all"
HIGHEST = 6  # above, hardly any variance is left and lines are noise; the figure's table has them


def of_degrees(table: pd.DataFrame) -> pd.DataFrame:
    """The table with degrees as text, as they are read where there are other ones than "all"."""
    return table.assign(degree=table["degree"].astype(str))


def by_seed(rows: pd.DataFrame, keys: Sequence[str], confidence: float) -> pd.DataFrame:
    """Mean agreement over seeds with its interval, as `tables.by_seed`; of one seed the 95 % interval over images."""
    if not over_images(rows) or rows.duplicated(list(keys)).any():
        return tables.by_seed(rows, keys, "agreement", confidence)
    return rows[[*keys, "low", "high"]].assign(estimate=rows["agreement"]).reset_index(drop=True)


def words(rows: pd.DataFrame, confidence: float, sample: str) -> str:
    """What the intervals of `by_seed` are."""
    return f"95 % interval over {sample}s" if over_images(rows) else tables.seed_words(rows, confidence)


def axis_label(settings: Settings) -> str:
    """What the x axis shows: the degree."""
    return f"{plural(settings.player)} that interact"


def over_images(rows: pd.DataFrame) -> bool:
    """Whether there is one seed alone, of which the interval over images is known."""
    return {"low", "high"} <= set(rows) and rows["seed"].nunique() == 1


def drawn(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that a panel shows, from degree 1 to the highest shown, then all degrees."""
    found = table[table["degree"].isin([*map(str, range(1, HIGHEST + 1)), ALL])]
    return found.assign(place=places(found["degree"])).sort_values("place")


def places(degrees: pd.Series) -> np.ndarray:
    """Where each degree stands on the x axis; all of them, apart, at the right."""
    numbers = pd.to_numeric(degrees, errors="coerce")
    last = min(HIGHEST, numbers.max()) if numbers.notna().any() else 0
    return numbers.fillna(last + 1.5).to_numpy(float)


def label(axis: Axes, shown: pd.DataFrame) -> None:
    """Ticks for the places of the rows, a line before all degrees."""
    ticks = dict(zip(shown["place"], shown["degree"], strict=True))
    axis.set_xticks([*ticks], [*ticks.values()])
    axis.set_xlim(0.5, max(ticks) + 0.6)
    axis.axvline(max(ticks) - 0.75, color=PALE, linewidth=0.5)


def lowest(shown: pd.DataFrame) -> float:
    """Lower end of an axis of agreements: what is measured, not how far a wide interval reaches."""
    return float(max(-1.0, min(-0.2, shown["estimate"].min() - 0.1)))


def highest(table: pd.DataFrame) -> str:
    """Words for the note where degrees are not shown."""
    numbers = pd.to_numeric(table["degree"], errors="coerce")
    return f"Degrees above {HIGHEST}: in the table. " if numbers.max() > HIGHEST else ""
