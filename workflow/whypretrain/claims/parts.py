"""From the parts that claims name to the methods of an experiment that have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from whypretrain.claims.claim import Measure
from whypretrain.config.parts import CAST, FROM_START

Cast = Mapping[str, Sequence[str]] | None  # None: the parts are the methods' names

_NAMING = ("method", "model", "kind")  # columns whose values name methods; a kind may be a pair of them
_PAIRED = "_vs_"


def in_cast(measure: Measure, cast: Cast) -> Measure:
    """The measure with the methods of each part of `CAST` in its conditions; other names stay as they are.

    Example:
        With a cast {"scratch": ["b"]} the condition {"model": "scratch_from_start"} becomes
        {"model": ["b_from_start"]}, and {"model": "probe"}, a part that no method has, {"model": []}.
    """
    if cast is None:
        return measure
    sides: dict[str, Any] = {}
    for side in ("where", "of", "minus", "over"):
        if (given := getattr(measure, side)) is not None:
            named = {column: _methods(given[column], cast) for column in _NAMING if column in given}
            sides[side] = {**given, **named}
    return replace(measure, **sides)


def missing_parts(measure: Measure, cast: Cast) -> list[str]:
    """The parts in the measure's conditions that no method has."""
    return [part for part in named_in(measure) if part in CAST and cast is not None and not cast.get(part)]


def named_in(measure: Measure) -> list[str]:
    """The parts, methods and controls that the measure's conditions name."""
    values = [each for side in measure.conditions for column in _NAMING for each in _listed(side.get(column, []))]
    return list(dict.fromkeys(part.removesuffix(FROM_START) for value in values for part in value.split(_PAIRED)))


def _methods(value: Any, cast: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        _PAIRED.join(names)
        for each in _listed(value)
        for names in product(*(list(_having(part, cast)) for part in each.split(_PAIRED)))
    ]


def _having(part: str, cast: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The methods of one part, as the rows of the same start where it says so."""
    bare = part.removesuffix(FROM_START)
    for method in cast.get(bare, [] if bare in CAST else [bare]):
        yield method + part[len(bare) :]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
