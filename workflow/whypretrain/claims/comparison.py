"""Two runs compared: which claims changed verdict, which headline numbers moved beyond their intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whypretrain.claims.tables import read_verdicts
from whypretrain.claims.verdict import ALL
from whypretrain.errors import InputError
from whypretrain.runtime.files import read_json

_KEY = ["id", "architecture", "target"]
_ABSENT = "absent"


@dataclass(frozen=True)
class Change:
    """One verdict or one number that differs; `before` and `after` for reading."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs."""

    verdicts: list[Change]
    numbers: list[Change]

    @property
    def same(self) -> bool:
        return not (self.verdicts or self.numbers)


def compare(a: str | Path, b: str | Path) -> Comparison:
    """Compare the results folders of two runs by their tables of verdicts and headline.json.

    A number moved if neither estimate lies within the other's interval; where a run has no interval (one seed),
    if the estimates differ at all. A claim, method or measure that only one run has is a change too.

    Raises:
        InputError: if a folder lacks claims.csv or headline.json, or holds another kind of file under its name.
    """
    return Comparison(
        _changes(_verdicts(a), _verdicts(b), lambda one, other: one != other),
        _changes(_numbers(a), _numbers(b), _moved),
    )


def _verdicts(results: str | Path) -> dict[str, Any]:
    """Verdict by claim and scope."""
    table = read_verdicts(Path(results) / "claims.csv")
    return {_scope(*key): verdict for *key, verdict in table[[*_KEY, "verdict"]].itertuples(index=False)}


def _scope(claim: str, architecture: str, target: str) -> str:
    return claim if architecture == ALL else f"{claim} ({architecture}, {target})"


def _numbers(results: str | Path) -> dict[str, Any]:
    """Interval by measure and method."""
    path = Path(results) / "headline.json"
    content = read_json(path)
    try:
        return dict(_intervals(content))
    except (AttributeError, TypeError, KeyError) as error:
        raise InputError(f"{path}: not a headline; make it again: snakemake --cores all {path}") from error


def _intervals(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float]]]:
    for measure, methods in content.items():
        for method, interval in methods.items() if measure != "verdicts" else ():
            yield f"{measure} of {method}", {"estimate": float(interval["estimate"]), **interval}


def _changes(a: Mapping[str, Any], b: Mapping[str, Any], changed: Any) -> list[Change]:
    return [
        Change(name, _text(a.get(name)), _text(b.get(name)))
        for name in dict.fromkeys([*a, *b])
        if (name in a) != (name in b) or changed(a[name], b[name])
    ]


def _moved(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    return not (_within(one, other) or _within(other, one))


def _within(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether the estimate lies in the other's interval, which is a point where it has no bounds."""
    value = other["estimate"]
    return other.get("low", value) <= one["estimate"] <= other.get("high", value)


def _text(found: Any) -> str:
    if found is None or isinstance(found, str):
        return found or _ABSENT
    bounds = f" [{found['low']:.4g}, {found['high']:.4g}]" if "low" in found else ""
    return f"{found['estimate']:.4g}{bounds}"
