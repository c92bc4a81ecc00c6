"""What was run and on what: data sets, accuracies, hashes, hardware, state of the sources."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain.config.encoders import text_remarks
from whypretrain.data.account import account
from whypretrain.errors import InputError
from whypretrain.provenance import CARDS, card_of
from whypretrain.runtime.files import read_json, read_table, sha256
from whypretrain.statistics import Interval, seed_interval


@dataclass(frozen=True)
class DataSet:
    """One data set of the experiment, as its `data.json` describes it."""

    name: str
    role: str
    classes: int
    train: int
    test: int
    shape: str
    source: str
    account: list[str]


def data_sets(results: Path, grid: dict[str, Any]) -> list[DataSet]:
    """The source, then the targets, as far as they are made."""
    roles = {grid.get("source") or "": "source", **dict.fromkeys(grid.get("targets", []), "target")}
    return [
        _data_set(name, role, read_json(results / "data" / name / "data.json"))
        for name, role in roles.items()
        if (results / "data" / name / "data.json").is_file()
    ]


def _data_set(name: str, role: str, about: dict[str, Any]) -> DataSet:
    counts = about.get("counts", {})
    return DataSet(
        name,
        role,
        classes=len(about.get("classes", [])),
        train=sum(counts.get("train", [])),
        test=sum(counts.get("test", [])),
        shape=" x ".join(map(str, about.get("shape", []))),
        source=str(about.get("source", about.get("kind", ""))),
        account=list(account(about)),
    )


def normalisations(results: Path) -> dict[str, str]:
    """What each architecture subtracts from pixels in [0, 1] and divides by, channel by channel."""
    found = {}
    for path in sorted((results / "pretrain").glob("*/*/model.json")):
        architecture = read_json(path).get("architecture", {})
        if "tokenizer" in architecture:
            continue
        mean, std = (", ".join(f"{each:.3g}" for each in architecture.get(key, [])) for key in ("mean", "std"))
        found[path.parts[-3]] = f"mean {mean}; standard deviation {std}"
    return found


def left_out(config: Mapping[str, Any]) -> list[str]:
    """What an experiment on text leaves out, and why."""
    whole = {"source", "targets", "architectures"} <= set(config.get("grid", {}))
    return list(text_remarks(dict(config))) if whole else []


def notes(results: Path) -> dict[str, list[str]]:
    """What was read, changed or left out to bring a checkpoint into the form of the experiment, by model."""
    found: dict[str, list[str]] = {}
    for stage in ("pretrain", "train"):
        for path in sorted((results / stage).rglob("model.json")):
            if told := read_json(path).get("provenance", {}).get("notes"):
                found[str(path.parent.relative_to(results))] = told
    return found


def tables(results: Path) -> dict[str, str]:
    """SHA-256 of every CSV table of the experiment by its path, figures' tables left out."""
    found = sorted(path for path in results.rglob("*.csv") if "figures" not in path.relative_to(results).parts)
    return {str(path.relative_to(results)): sha256(path) for path in found}


def outside(results: Path) -> dict[str, str]:
    """Fingerprint of every file and folder of the user's that the claims depend on, by path, as their record has it."""
    card = card_of(results / "claims.csv")
    found: dict[str, str] = read_json(card).get("outside", {}) if card.is_file() else {}
    return found


def inputs(results: Path) -> dict[str, str]:
    """SHA-256 of the images of every data set and of the weights of every model, by the path of their folder."""
    found = dict.fromkeys((results / "data").glob("*/data.json"), "images_sha256")
    for stage in ("pretrain", "train"):
        found |= dict.fromkeys((results / stage).rglob("model.json"), "sha256")
    read = {path: read_json(path) for path in sorted(found)}
    hashes = {path.parent: about.get(found[path]) or about.get("sentences_sha256") for path, about in read.items()}
    return {str(folder.relative_to(results)): str(value) for folder, value in hashes.items() if value}


@dataclass(frozen=True)
class Headline:
    """Accuracy of every method (rows) in every architecture and target (columns), with its interval."""

    columns: list[str]
    rows: dict[str, dict[str, Interval]]


def runs(results: Path) -> pd.DataFrame:
    """The table of all runs, empty before training.

    Raises:
        InputError: if it lacks a column.
    """
    path = results / "train" / "runs.csv"
    if not path.is_file():
        return pd.DataFrame()
    found = read_table(path)
    if missing := {"method", "target", "architecture", "accuracy"} - set(found):
        raise InputError(f"{path}: no column {', '.join(sorted(missing))}; remove it and run the workflow again")
    return found


def headline(runs: pd.DataFrame, confidence: float) -> Headline | None:
    """The accuracies of the runs; nothing before training."""
    if runs.empty:
        return None
    columns: dict[str, None] = {}
    rows: dict[str, dict[str, Interval]] = {}
    for (method, target, architecture), group in runs.groupby(["method", "target", "architecture"], sort=False):
        cell = f"{target}, {architecture}"
        columns[cell] = None
        rows.setdefault(str(method), {})[cell] = seed_interval(group["accuracy"], confidence)
    return Headline(list(columns), rows)


def hardware(results: Path) -> str:
    """The machines that the results were made on, as their records say."""
    records = (read_json(card) for card in results.rglob(f"{CARDS}/*.json"))
    return "; ".join(sorted({record["hardware"] for record in records if record.get("hardware")})) or "unknown"


def git_state(folder: Path) -> str:
    """Commit of the sources and whether they were changed since."""
    found, changed = commit(folder)
    if not found:
        return "not in a git repository"
    return f"commit {found}, {f'{len(changed)} files changed since' if changed else 'no changes'}"


def commit(folder: Path) -> tuple[str, list[str]]:
    """The commit of the checkout that a folder is in, and the tracked files changed since; "" outside of one."""
    found = _output("git", "-C", str(folder), "rev-parse", "HEAD")
    changed = _output("git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no") if found else ""
    return found, changed.splitlines()


def _output(*command: str) -> str:
    """What a command prints; nothing where it is absent or fails."""
    if shutil.which(command[0]) is None:
        return ""
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    return found.stdout.strip() if found.returncode == 0 else ""
