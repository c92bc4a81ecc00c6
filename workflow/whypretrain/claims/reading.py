"""`claims.yaml` read and checked: every error names the claim and the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from whypretrain.claims.claim import EXCEEDED, KINDS, MAGNITUDE, Claim, Control, Measure, Range, Rule, Scope
from whypretrain.claims.estimators import STATISTICS
from whypretrain.errors import InputError
from whypretrain.provenance import ROOT

POOLS = ("mean", "min", "max")
SHIPPED = ROOT / "resources"  # stages are given files of it, so they are no part of the stages' code


def load(path: str | Path | None = None) -> tuple[Rule, list[Claim]]:
    """Read the rule and the claims, by default the shipped ones.

    Raises:
        InputError: if the file is not readable, or naming the claim and the key that is wrong.
    """
    path = path or SHIPPED / "claims.yaml"
    try:
        content = yaml.safe_load(Path(path).read_text())
        rule, entries = Rule(**content["rule"]), content["claims"]
        scopes = {name: Scope(**scope) for name, scope in content.get("scopes", {}).items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a YAML file with 'rule' and 'claims' ({error})") from error
    claims = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("id", f"number {number}") if isinstance(entry, dict) else f"number {number}"
        try:
            claims.append(_claim(entry, scopes))
        except InputError as error:
            raise InputError(f"{path}: claim {name}: {error}") from error
    _refuse_duplicates(path, [claim.id for claim in claims])
    return rule, claims


def _claim(entry: Mapping[str, Any], scopes: Mapping[str, Scope]) -> Claim:
    _check_keys(entry, Claim, "claim")
    control = entry.get("control")
    return Claim(
        **{
            **entry,
            "measure": read_measure(entry["measure"]),
            "expected": Range.parse(entry["expected"]),
            "scope": _scope(entry, scopes),
            "control": None if control is None else _control(control),
            "further": tuple(map(_control, entry.get("further", ()))),
        }
    )


def _scope(entry: Mapping[str, Any], scopes: Mapping[str, Scope]) -> Scope | None:
    if entry["kind"] not in KINDS:
        raise InputError(f"kind is {entry['kind']!r}; write {' or '.join(KINDS)}")
    if (entry["kind"] == MAGNITUDE) != ("scope" in entry):
        raise InputError(
            "a magnitude, and nothing else, needs scope: one of the file's scopes, where its number is published"
        )
    if (name := entry.get("scope")) is not None and name not in scopes:
        raise InputError(f"unknown scope {name!r}; the file's scopes are {', '.join(scopes) or 'none'}")
    return None if name is None else scopes[name]


def _control(entry: Mapping[str, Any]) -> Control:
    _check_keys(entry, Control, "control")
    must = entry.get("must")
    return Control(
        entry["text"], read_measure(entry["measure"]), must if must in (None, EXCEEDED) else Range.parse(must)
    )


def read_measure(entry: Mapping[str, Any]) -> Measure:
    """A measure as the file states it.

    Raises:
        InputError: if the statistic is unknown, or a key is unknown or missing.
    """
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
            fix = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
            raise InputError(f"unknown key {key!r} in {what}; {fix}")
    needed = {Claim: ("id", "paper", "claim", "where", "kind", "measure", "expected"), Control: ("text", "measure")}
    if missing := [key for key in needed.get(kind, ("table", "statistic")) if key not in entry]:
        raise InputError(f"{what} lacks {', '.join(missing)}")


def _refuse_duplicates(path: str | Path, ids: list[str]) -> None:
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise InputError(f"{path}: claims {', '.join(twice)} are listed twice; give each its own id")
