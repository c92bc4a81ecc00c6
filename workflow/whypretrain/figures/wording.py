"""Words of titles and notes: ranges of numbers, lists, and what samples and players are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from whypretrain.statistics import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from whypretrain.figures.cast import Cast

PLAYERS = {"image": "patch", "sentence": "word"}  # what a player is, of each kind of sample
_FEW = 3  # seeds, of which a note says how wide their interval is
_GROUPS = {1: "single", 2: "pairs of", 3: "triples of"}


def span(values: Iterable[float], digits: int = 0) -> str:
    """The values from the lowest to the highest, one alone where they are the same.

    >>> span([0.521, 0.302], 2), span([30.2, 29.8])
    ('0.30 to 0.52', '30')
    """
    finite = [float(value) for value in values if isfinite(value)]
    if not finite:
        return "an unknown number"
    low, high = (f"{value:.{digits}f}".replace("-", "−") for value in (min(finite), max(finite)))
    return low if low == high else f"{low} to {high}"


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def by_method(found: Mapping[str, pd.Series], cast: Cast, digits: int = 0, unit: str = "") -> str:
    """The label and span of each method that has values, as a list; empty where none has."""
    said = [f"{cast[method].label} {span(values, digits)}{unit}" for method, values in found.items() if len(values)]
    return listed(said) if said else ""


def plural(thing: str) -> str:
    """More than one of a thing.

    >>> plural("patch"), plural("word")
    ('patches', 'words')
    """
    return f"{thing}es" if thing.endswith("ch") else f"{thing}s"


def groups(size: int, player: str) -> str:
    """What sets of so many players are called.

    >>> groups(2, "patch"), groups(4, "word")
    ('pairs of patches', 'groups of 4 words')
    """
    return f"{_GROUPS.get(size, f'groups of {size}')} {plural(player)}"


def wide(seeds: int, confidence: float) -> str:
    """How far the interval of a mean over few seeds reaches; nothing for many, or for one, which has none.

    >>> wide(2, 0.95), wide(20, 0.95)
    (' (of 2: ± 12.7 standard errors)', '')
    """
    if not 1 < seeds <= _FEW:
        return ""
    return f" (of {seeds}: ± {Estimate(0.0, 1.0, seeds - 1, seeds).interval(confidence).high:.1f} standard errors)"


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]
