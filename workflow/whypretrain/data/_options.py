"""Options of a data set kind: a frozen dataclass with defaults, filled from the config and checked in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, get_args, get_type_hints

from whypretrain.errors import InputError


def option(default: Any, *, least: float = float("-inf"), most: float = float("inf")) -> Any:
    """A dataclass field for a number (or null) with its range."""
    return field(default=default, metadata={"least": least, "most": most})


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every kind takes: sizes of the seeded stratified subsets; None keeps all images."""

    train_size: int | None = option(None, least=1)
    test_size: int | None = option(None, least=1)


O = TypeVar("O", bound=Common)  # noqa: E741


def parse(options: type[O], given: Mapping[str, Any], where: str) -> O:
    """Fill `options` from the config.

    Raises:
        InputError: for an unknown or missing name, a wrong type or a value out of range; the message lists what there is.
    """
    known = {each.name: each for each in fields(options)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InputError(f"{where}: unknown option {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    hints = get_type_hints(options)
    values = {key: _checked(value, hints[key], known[key].metadata, f"{where}.{key}") for key, value in given.items()}
    try:
        return options(**values)
    except TypeError as error:
        raise InputError(f"{where}: {str(error).partition(' ')[2]}") from error


def _checked(value: Any, hint: Any, bounds: Mapping[str, float], where: str) -> Any:
    allowed = tuple(_origin(part) for part in (get_args(hint) if _is_union(hint) else (hint,)))
    if isinstance(value, list):
        value = tuple(value)
    if float in allowed and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        names = " or ".join("list" if each is tuple else each.__name__.replace("NoneType", "null") for each in allowed)
        raise InputError(f"{where}: {value!r} is not of type {names}")
    if isinstance(value, int | float) and not bounds.get("least", value) <= value <= bounds.get("most", value):
        raise InputError(f"{where}: {value} is out of range; use {bounds['least']} to {bounds['most']}")
    return value


def _is_union(hint: Any) -> bool:
    return type(None) in get_args(hint) or len([part for part in get_args(hint) if part is not Ellipsis]) > 1


def _origin(hint: Any) -> Any:
    return getattr(hint, "__origin__", hint)
