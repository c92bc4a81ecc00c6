"""Options of a kind of data set: a frozen dataclass, filled from the config, checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from whypretrain.errors import InputError


def option(default: Any, *, least: float = float("-inf"), most: float = float("inf")) -> Any:
    """A dataclass field for a number (or null) with its range."""
    return field(default=default, metadata={"least": least, "most": most})


def choice(default: str, *others: str) -> Any:
    """A dataclass field for one of several words."""
    return field(default=default, metadata={"words": (default, *others)})


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every kind takes: which of its images are kept, all of them by default."""

    train_size: int | None = option(None, least=1)  # training images, a stratified subset
    test_size: int | None = option(None, least=1)  # test images, a stratified subset
    imbalance: float = option(1.0, least=1)  # largest over smallest training class; exponential between
    fraction: float = option(1.0, least=1e-6, most=1)  # share of each training class that is kept of all that
    variant_of: str | None = (
        None  # data set whose draws this one takes: same test images, nested training sets
    )


@dataclass(frozen=True, kw_only=True)
class OnDisk:
    """What every kind that reads picture files takes, too."""

    concepts: dict | str | None = None  # class to concept, or a file that tells it
    on_broken: str = choice(
        "stop", "skip"
    )  # pictures that cannot be decoded: name them and stop, or leave them out


OptionsT = TypeVar("OptionsT", bound=Common)
_NAMES = {tuple: "list of names", dict: "mapping", str: "text", NoneType: "null"}


def parse(options: type[OptionsT], given: Mapping[str, Any], where: str) -> OptionsT:
    """Fill `options` from the config.

    Raises:
        InputError: for an unknown or missing name, a wrong type, or a value out of range.
    """
    known = {each.name: each for each in fields(options)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(
            f"{where}: unknown option {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    hints = get_type_hints(options)
    values = {
        key: _checked(value, hints[key], known[key].metadata, f"{where}.{key}")
        for key, value in given.items()
    }
    required = [name for name, each in known.items() if each.default is MISSING and name not in values]
    if required:
        raise InputError(f"{where}: no {', '.join(required)}; set it")
    return options(**values)


def _checked(value: Any, hint: Any, bounds: Mapping[str, Any], where: str) -> Any:
    """The value as the option's type: a list as a tuple, a whole number as a float where one is wanted."""
    allowed = get_args(hint) if isinstance(hint, UnionType) else (get_origin(hint) or hint,)
    value = tuple(value) if isinstance(value, list) else value
    if float in allowed and type(value) is int:
        value = float(value)
    strings = not isinstance(value, tuple) or all(isinstance(part, str) for part in value)
    if not isinstance(value, allowed) or isinstance(value, bool) or not strings:
        names = " or ".join(_NAMES.get(each, each.__name__) for each in allowed)
        raise InputError(f"{where}: {value!r} is not of type {names}")
    if value not in bounds.get("words", (value,)):
        raise InputError(f"{where}: {value!r} is not one of {', '.join(bounds['words'])}")
    if (
        isinstance(value, int | float)
        and "least" in bounds
        and not bounds["least"] <= value <= bounds["most"]
    ):
        raise InputError(f"{where}: {value} is out of range; use {bounds['least']} to {bounds['most']}")
    return value
