"""What is wrong with a config in words for people: against its JSON schema, and among its own names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml


def violation(config: Any, schema: str | Path) -> str | None:
    """The first violation of the schema at `schema` in one line: the key's path, what is wrong, the mend."""
    from jsonschema import Draft202012Validator

    errors = sorted(
        Draft202012Validator(_read(schema)).iter_errors(config),
        key=lambda error: [str(part) for part in error.absolute_path],
    )
    return _describe(errors[0]) if errors else None


def unknown_names(key: str, names: Iterable[str], section: str, known: Collection[str]) -> Iterator[str]:
    """What to say of those `names` under `key` that are not among the `known` of `section`."""
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            mend = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(known))}"
            yield f"{key} names {name!r}, which is not in {section}; {mend}"


@cache
def _read(schema: str | Path) -> Any:
    return yaml.safe_load(Path(schema).read_text())


def _describe(error: Any) -> str:
    if error.context:
        error = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
    where = ".".join(map(str, error.absolute_path)) or "the top level"
    if error.validator == "additionalProperties":
        return _describe_unknown_key(error, where)
    if error.validator == "required":
        return f"{where}: {error.message}"
    if error.validator == "type":
        expected = error.validator_value
        names = expected if isinstance(expected, str) else " or ".join(expected)
        return f"{where} must be of type {names}, not {error.instance!r}"
    if error.validator == "enum":
        return f"{where} must be one of {', '.join(map(repr, error.validator_value))}, not {error.instance!r}"
    return f"{where}: {error.message}"


def _describe_unknown_key(error: Any, where: str) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in known)
    close = get_close_matches(str(unknown), known, n=1)
    mend = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(known))}"
    return f"unknown key {unknown!r} in {where}; {mend}"
