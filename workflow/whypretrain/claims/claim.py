"""A claim as `claims.yaml` states it: what is measured, what is expected, and what could undermine it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from whypretrain.config.setting import UNKNOWN, Setting
from whypretrain.errors import InputError

EXCEEDED = "exceeded"
DIRECTION, MAGNITUDE = "direction", "magnitude"
KINDS = (DIRECTION, MAGNITUDE)

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
    def conditions(self) -> list[Mapping[str, Any]]:
        """All that rows are chosen by: `where`, `of`, and `minus` and `over` where they are given."""
        return [side for side in (self.where, self.of, self.minus, self.over) if side is not None]

    @property
    def sampled(self) -> bool:
        """Whether the samples enter one by one, so that they are resampled with the runs."""
        return self.statistic == "ratio" and self.minus is None and self.over is None and self.pool == "mean"

    @property
    def scaled(self) -> bool:
        """Whether floor and ceiling enter run by run, so that the interval is Fieller's."""
        return self.statistic == "excess" and self.minus is None and self.over is None and self.pool == "mean"

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
class Scope:
    """The setting that a published number was measured in; patterns such as `vit_base_patch32_???` (see `fnmatch`)."""

    architecture: Sequence[str]
    pretraining: Sequence[str]
    data: Sequence[str]

    def holds(self, architecture: str, target: str, setting: Setting) -> bool:
        """Whether the runs of an architecture on a target are made in this setting."""
        keys = {"architecture": architecture, "pretraining": architecture, "data": target}
        here = {name: setting.get(name, {}).get(key, UNKNOWN) for name, key in keys.items()}
        return all(any(fnmatchcase(here[name], each) for each in getattr(self, name)) for name in keys)

    @property
    def text(self) -> str:
        """The setting in words."""
        network, source, data = map(" or ".join, (self.architecture, self.pretraining, self.data))
        return f"{network}, pre-trained on {source}, on {data}"


@dataclass(frozen=True)
class Claim:
    """One claim of a paper with its pre-registered decision."""

    id: str
    paper: str
    claim: str
    where: str
    kind: str  # a direction can hold or fail anywhere; a magnitude is a published number, decided in its scope alone
    measure: Measure
    expected: Range
    scope: Scope | None = None
    published: str = ""
    control: Control | None = None
    further: tuple[Control, ...] = ()  # more controls, whose values are in the verdict's note
    family: str = ""  # whose claims are corrected together; by default those of the paper
    figure: str = ""
    needs: str = ""  # what an experiment has to bring for the claim to be testable
    note: str = ""  # how the measure departs from the paper's

    @property
    def controls(self) -> tuple[Control, ...]:
        """All controls."""
        return (*([self.control] if self.control else []), *self.further)


@dataclass(frozen=True)
class Rule:
    """How verdicts are reached: the fewest seeds that can decide anything."""

    minimum_seeds: int = 3


def _conditions(conditions: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in conditions.items())


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "in " + "/".join(map(str, value))
    return str(value) if isinstance(value, str) and value[:1] in "<>" else f"= {value}"
