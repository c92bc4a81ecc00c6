"""What is wrong with a config, in one line for people: the key's path, the mistake, the fix."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

_EXPONENT = re.compile(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)")  # of which YAML asks for a dot and a sign
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "mapping": "a mapping",
    "none": "null",
}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}


def unknown_names(key: str, names: Iterable[str], section: str, known: Collection[str]) -> Iterator[str]:
    """What to say about those `names` under `key` that are not among the `known` of `section`."""
    for name in names:
        if name not in known:
            yield f"{key} names {name!r}, which is not in {section}; {suggestion(name, known)}"


def suggestion(name: str, known: Collection[str]) -> str:
    """The fix for a name that is not known: the closest one, else all there are."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(known)) or 'none'}"


def described(error: ValidationError, values: Any, where: str = "") -> str:
    """The first mistake of a section, by the order of its keys; of alternatives the one that came furthest."""
    found = [(_path(each["loc"], values), each) for each in error.errors(include_url=False)]
    if keys := [each for _, each in found if each["loc"][-1:] == ("[key]",)]:
        place = ".".join(filter(None, [where, *map(str, _path(keys[0]["loc"][:-2], values))]))
        return _sentence(keys[0], f"a name in {place or 'the top level'}", ())
    first = min(found, key=lambda each: [str(part) for part in each[0]])[0]
    among = [each for each in found if each[0][: len(first)] == first]
    path, worst = max(among, key=lambda each: (len(each[0]), not each[1]["type"].endswith("_type")))
    others = [each for at, each in among if at == path and each["type"].endswith("_type")]
    return _sentence(worst, ".".join(filter(None, [where, *map(str, path)])), others)


def _path(loc: Sequence[Any], values: Any) -> list[Any]:
    """The parts of a place that are keys of the given values; names of alternatives are not."""
    path: list[Any] = []
    for number, part in enumerate(loc):
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            if number == len(loc) - 1 and isinstance(values, dict) and "[" not in str(part):
                continue
        else:
            path.append(part)
    return path


def _sentence(error: Any, where: str, others: Sequence[Any]) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    place = where or "the top level"
    if kind == "unknown_key":
        key, hint = context["key"], context["hint"]
        return f"unknown key {key} in {place}; {hint}"
    if kind == "moved":
        return f"{'.'.join(filter(None, [where, context['key']]))} has gone; {context['instead']}"
    if kind == "missing":
        return f"{place}: {str(error['loc'][-1])!r} is missing; add it"
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"{place} must be {words} {context[key]:g}, not {given!r}"
    if kind in ("literal_error", "enum"):
        known = context["expected"].replace(" or ", ", ")
        hint = get_close_matches(str(given), [each.strip("'") for each in known.split(", ")], n=1)
        return f"{place} must be one of {known}, not {given!r}" + (f"; did you mean {hint[0]!r}?" if hint else "")
    if kind == "string_pattern_mismatch":
        return f"{place}: {given!r} does not match {context['pattern']}; use letters, digits, _ . -"
    if kind == "too_short":
        return f"{place} must have at least {context['min_length']} item, not {context['actual_length']}"
    if kind == "finite_number":
        return f"{place} must be a finite number, not {given!r}"
    if kind.endswith("_type"):
        names = dict.fromkeys(_TYPES.get(each["type"].removesuffix("_type"), each["msg"]) for each in [error, *others])
        return f"{place} must be {' or '.join(names)}, not {given!r}{_reading(kind, given)}"
    message = str(context["error"]) if "error" in context else error["msg"]
    return f"{place} {message}" if message.startswith("must") else f"{place}: {message}"


def _reading(kind: str, given: Any) -> str:
    """How to write what YAML has read as another type."""
    if kind == "string_type" and isinstance(given, bool):
        return "; YAML reads yes, no, on and off as true and false: put it in quotes"
    if kind == "string_type" and isinstance(given, int | float | date):
        return "; put it in quotes"
    if kind in ("int_type", "float_type") and isinstance(given, str):
        if found := _EXPONENT.fullmatch(given):
            whole, decimals, sign, exponent = found.groups()
            written = f"{whole}{decimals or '.0'}e{sign or '+'}{exponent}"
            return f"; write {int(float(given)) if kind == 'int_type' else written}" if float(given) < 1e18 else ""
        if re.fullmatch(r"[-+]?\d+(\.\d+)?", given):
            return "; remove the quotes"
    return ""
