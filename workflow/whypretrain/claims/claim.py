"""A claim as `claims.yaml` states it: what is measured, what is expected, and what could undermine it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from whypretrain.claims.statistics import STATISTICS
from whypretrain.errors import InputError

EXCEEDED = "exceeded"
POOLS = ("mean", "min", "max")

_COMPARISON = re.compile(r"^([<>])\s*(-?[\d.]+)$")
_RANGE = re.compile(r"^(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)$")


@dataclass(frozen=True)
class Range:
    """The values that a claim expects, e.g. `> 0`, `< 0.5` or `0.13 .. 0.45`."""

    text: str
    low: float
    high: float

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read a range.

        Raises:
            InputError: if `text` is neither a comparison nor `LOW .. HIGH`.
        """
        if match := _COMPARISON.match(text.strip()):
            bound = float(match[2])
            return cls(text, bound, math.inf) if match[1] == ">" else cls(text, -math.inf, bound)
        if match := _RANGE.match(text.strip()):
            return cls(text, float(match[1]), float(match[2]))
        raise InputError(f"range {text!r} is not understood; write '> 0', '< 0.5' or '0.13 .. 0.45'")

    @property
    def bounds(self) -> list[float]:
        """The finite bounds."""
        return [bound for bound in (self.low, self.high) if math.isfinite(bound)]

    @property
    def sign(self) -> int:
        """+1 where larger values speak for the claim, -1 where smaller ones do."""
        return 1 if math.isfinite(self.low) else -1

    def contains(self, low: float, high: float | None = None) -> bool:
        """Whether the value `low`, or the whole interval from `low` to `high`, lies inside the range."""
        return self.low < low and (low if high is None else high) < self.high


@dataclass(frozen=True)
class Measure:
    """One number a run, from one table.

    The rows that meet `where` and `of` give the statistic; `minus` subtracts the statistic of other rows,
    `over` divides by it; a paired statistic takes the rows of both `of` and `minus`. `pool` (mean, min or
    max) joins the targets of one architecture and seed.
    """

    table: str
    statistic: str
    where: Mapping[str, Any] = field(default_factory=dict)
    of: Mapping[str, Any] = field(default_factory=dict)
    minus: Mapping[str, Any] | None = None
    over: Mapping[str, Any] | None = None
    pool: str = "mean"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sampled(self) -> bool:
        """Whether the samples enter one by one, so that they are resampled with the runs."""
        return self.statistic == "ratio" and self.minus is None and self.over is None and self.pool == "mean"

    @property
    def text(self) -> str:
        """The measure in one line, for the table of verdicts."""
        parts = [f"{self.statistic}({', '.join(map(str, self.options.values()))}) in {self.table}"]
        parts += [f"where {_conditions({**self.where, **self.of})}"] if {**self.where, **self.of} else []
        parts += [f"minus that where {_conditions(self.minus)}"] if self.minus else []
        parts += [f"over that where {_conditions(self.over)}"] if self.over else []
        return " ".join(parts)


@dataclass(frozen=True)
class Control:
    """A baseline that could undermine a claim.

    `must` is what the control has to show for the claim to count as supported: a range of its own, `exceeded`
    (the claim's value has to go beyond the control's, run by run), or nothing (reported only).
    """

    text: str
    measure: Measure
    must: Range | str | None = None


@dataclass(frozen=True)
class Claim:
    """One claim of a paper with its pre-registered decision."""

    id: str
    paper: str
    claim: str
    where: str
    measure: Measure
    expected: Range
    published: str = ""
    control: Control | None = None
    figure: str = ""
    needs: str = ""  # what an experiment has to bring for the claim to be testable
    note: str = ""  # how the measure departs from the paper's


@dataclass(frozen=True)
class Rule:
    """How verdicts are reached: the fewest seeds that can decide anything."""

    minimum_seeds: int = 3


def load(path: str | Path) -> tuple[Rule, list[Claim]]:
    """Read the rule and the claims.

    Raises:
        InputError: if the file is not readable, or naming the claim and the key that is wrong.
    """
    try:
        content = yaml.safe_load(Path(path).read_text())
        rule, entries = Rule(**content["rule"]), content["claims"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a YAML file with 'rule' and 'claims' ({error})") from error
    claims = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("id", f"number {number}") if isinstance(entry, dict) else f"number {number}"
        try:
            claims.append(_claim(entry))
        except InputError as error:
            raise InputError(f"{path}: claim {name}: {error}") from error
    _refuse_duplicates(path, [claim.id for claim in claims])
    return rule, claims


def _claim(entry: Mapping[str, Any]) -> Claim:
    _check_keys(entry, Claim, "claim")
    control = entry.get("control")
    return Claim(
        **{
            **entry,
            "measure": _measure(entry["measure"]),
            "expected": Range.parse(entry["expected"]),
            "control": None if control is None else _control(control),
        }
    )


def _control(entry: Mapping[str, Any]) -> Control:
    _check_keys(entry, Control, "control")
    must = entry.get("must")
    return Control(
        entry["text"],
        _measure(entry["measure"]),
        must if must in (None, EXCEEDED) else Range.parse(must),
    )


def _measure(entry: Mapping[str, Any]) -> Measure:
    statistic = STATISTICS.get(entry.get("statistic", ""))
    if statistic is None:
        raise InputError(f"unknown statistic {entry.get('statistic')!r}; there are {', '.join(STATISTICS)}")
    named = {name: value for name, value in entry.items() if name not in statistic.options}
    _check_keys(named, Measure, "measure", statistic.options)
    if missing := [name for name in statistic.required if name not in entry]:
        raise InputError(f"statistic {entry['statistic']!r} needs {', '.join(missing)}")
    if entry.get("pool", "mean") not in POOLS:
        raise InputError(f"unknown pool {entry['pool']!r}; there are {', '.join(POOLS)}")
    if statistic.paired and "minus" not in entry:
        raise InputError(f"statistic {entry['statistic']!r} compares two sets of rows; give 'of' and 'minus'")
    return Measure(**named, options={name: entry[name] for name in statistic.options if name in entry})


def _check_keys(entry: Mapping[str, Any], kind: type, what: str, more: tuple[str, ...] = ()) -> None:
    known = [*(f.name for f in fields(kind) if f.name != "options"), *more]
    for key in entry:
        if key not in known:
            close = get_close_matches(str(key), known, n=1)
            mend = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
            raise InputError(f"unknown key {key!r} in {what}; {mend}")
    needed = {Claim: ("id", "paper", "claim", "where", "measure", "expected"), Control: ("text", "measure")}
    if missing := [key for key in needed.get(kind, ("table", "statistic")) if key not in entry]:
        raise InputError(f"{what} lacks {', '.join(missing)}")


def _refuse_duplicates(path: str | Path, ids: list[str]) -> None:
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise InputError(f"{path}: claims {', '.join(twice)} stand twice; give each its own id")


def _conditions(conditions: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in conditions.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "in " + "/".join(map(str, value))
    return str(value) if isinstance(value, str) and value[:1] in "<>" else f"= {value}"
