"""Records: next to every result, the hash of its bytes and all that decided them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from whypretrain.errors import InputError
from whypretrain.provenance.closure import code_hash
from whypretrain.provenance.machine import hardware, versions
from whypretrain.runtime.files import read_json, sha256, write_json

CARDS = ".provenance"


def config_hash(config: Any) -> str:
    """SHA-256 of a configuration's JSON text with sorted keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def card_of(path: str | Path) -> Path:
    """Where the record of a result stands: `.provenance/NAME.json` in the folder of the result."""
    path = Path(path)
    return path.parent / CARDS / f"{path.name}.json"


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each file; in place of a folder, of each file that lies in it.

    Raises:
        InputError: if a file is not what its record says: it was damaged, or changed by hand.
    """
    files = sorted({file for path in paths for file in ([path] if path.is_file() else _files_in(path))})
    found = {str(file): sha256(file) for file in files}
    for file, digest in found.items():
        if why := _unlike_its_card(file, digest):
            raise InputError(f"{file}: {why}; remove it and run the workflow again")
    return found


def fault(path: str | Path) -> str:
    """Why a result must not be relied on, by its record; empty where it may."""
    if not card_of(path).exists():
        return "no record of what made it"
    return _unlike_its_card(path, sha256(path))


def lineage(path: str | Path) -> list[str]:
    """A result's record and those of all it was made from, as the lines of a tree; no file is shown twice.

    Raises:
        InputError: if the result has no record.
    """
    if not card_of(path).exists():
        raise InputError(f"{path}: has no record of what made it; give a result of this version's workflow")
    return list(_branch(Path(path), 0, set()))


def _branch(path: Path, depth: int, seen: set[Path]) -> Iterator[str]:
    card = read_json(card_of(path)) if card_of(path).exists() else {}
    known = "as above" if path in seen else ""
    made = f"stage {card['stage']}, code {card['code_sha256'][:12]}" if card else "no record"
    yield f"{'  ' * depth}{path}  {card.get('sha256', '')[:12]}  {known or made}"
    if path in seen:
        return
    seen.add(path)
    inner = {place for each in card.get("inputs", {}) for place in _outside(each)}
    for place, found in card.get("outside", {}).items():
        if place not in inner:
            yield f"{'  ' * (depth + 1)}{place}  {found[:12]}  from outside"
    for each in card.get("inputs", {}):
        yield from _branch(Path(each), depth + 1, seen)


def _outside(path: str) -> dict[str, str]:
    found: dict[str, str] = read_json(card_of(path)).get("outside", {}) if card_of(path).exists() else {}
    return found


def _unlike_its_card(path: str | Path, digest: str) -> str:
    card = card_of(path)
    if not card.exists() or read_json(card).get("sha256") == digest:
        return ""
    return f"damaged or changed, its SHA-256 is not the one in {card}"


def _files_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]


def write_cards(outputs: Iterable[Path], made_by: dict[str, Any]) -> None:
    """Write the record of each output: its SHA-256, and all of `made_by` (see `describe`)."""
    for path in outputs:
        write_json(card_of(path), {**made_by, "sha256": sha256(path)})


def outside_of(inputs: Iterable[str], own: Mapping[str, str]) -> dict[str, str]:
    """Fingerprints of all files and folders of the user's that a result depends on: `own`, and those of its inputs."""
    found = dict(own)
    for path in inputs:
        found |= _outside(path)
    return dict(sorted(found.items()))


def describe(
    stage: str, config: Any, inputs: dict[str, str], arguments: dict[str, Any], outside: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What decides a result: stage, arguments with their seed, configuration, code, inputs, versions, hardware.

    Neither time nor host name is in it, so the same work on the same machine writes the same bytes.

    Args:
        inputs: SHA-256 by path.
        arguments: the plain values of the stage's command line, e.g. `seed`.
        outside: fingerprints by path of what the configuration names (see `provenance.fingerprint`).
    """
    return {
        "stage": stage,
        "arguments": arguments,
        "config": config,
        "config_sha256": config_hash(config),
        "code_sha256": code_hash(stage),
        "inputs": inputs,
        "outside": outside_of(inputs, outside or {}),
        "versions": versions(),
        "hardware": hardware(),
    }
