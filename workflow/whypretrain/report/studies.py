"""Studies that the documentation shows: the small tables of a run, kept in `docs/results/NAME` with its commit.

`docs/studies.yaml` has one line a study: its config, and what is kept besides `KEPT`. Copies keep their bytes and
their places below `results/NAME`; `study.json` names the commit, the machine and the SHA-256 of each.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from whypretrain.config.section import Section
from whypretrain.errors import InputError
from whypretrain.provenance import CARDS, card_of
from whypretrain.report.facts import commit
from whypretrain.report.times import costs
from whypretrain.runtime.files import read_json, sha256, write_json, write_table

#: Kept of every study, as far as it is there.
KEPT = (
    "claims.csv",
    "across.csv",
    "train/runs.csv",
    "interactions/agreement.csv",
    "interactions/commonality.csv",
    "interactions/controls.csv",
    "interactions/permutation_null.csv",
)
COSTS, CARD = "costs.csv", "study.json"
LIMIT = 1_000_000  # bytes of a study


class Entry(Section):
    """One line of `studies.yaml`."""

    config: str
    """file of the config"""
    also: list[str] = []
    """further files to keep, relative to the results, or shell patterns of them, e.g. figures/agreement.png"""
    without: list[str] = []
    """files that every study keeps, and this one does not"""

    @property
    def command(self) -> str:
        """What makes the study, in a checkout."""
        return f"snakemake --cores all --configfile {self.config}"


def entries(docs: Path) -> dict[str, Entry]:
    """The studies by name, which is that of their experiment."""
    path = docs / "studies.yaml"
    try:
        found = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not a readable list of studies ({error})") from error
    return {name: Entry.of(entry, f"{path}: {name}") for name, entry in found.items()}


def keep(name: str, results: Path, docs: Path) -> list[Path]:
    """Copy the tables of a study that has run, with its costs and commit, to `docs/results/NAME`; return the files.

    Args:
        name: a study of `docs/studies.yaml`.
        results: folder of its experiment, in a checkout without changed files but those of the docs.
        docs: folder of the documentation.

    Raises:
        InputError: if the study is unknown, has not run, or is over `LIMIT`; if the checkout's files were changed; if a
            table is not what its record says.
    """
    known = entries(docs)
    if name not in known:
        raise InputError(f"{name}: no study in {docs / 'studies.yaml'}; there is {', '.join(known) or 'none'}")
    if absent := [path for path in ("claims.csv", *known[name].also) if not matching(results, path)]:
        raise InputError(f"{results / absent[0]}: not there; run {known[name].config} to its end")
    wanted = [path for path in (*KEPT, *known[name].also) if path not in known[name].without]
    files = [str(file.relative_to(results)) for path in wanted for file in matching(results, path)]
    sizes = {path: (results / path).stat().st_size for path in files}
    if sum(sizes.values()) > LIMIT:
        largest = max(sizes, key=lambda path: sizes[path])
        raise InputError(f"{name}: {sum(sizes.values())} bytes to keep, {LIMIT} at most; {largest} is the largest")
    about = _about(known[name], results, files)
    folder = docs / "results" / name
    folder.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{name}-") as made:
        new = Path(made) / name
        for path in files:
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results / path, new / path)
        write_table(new / COSTS, costs(results))
        write_json(new / CARD, about)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return [folder / path for path in (*files, COSTS, CARD)]


def matching(folder: Path, path: str) -> list[Path]:
    """The files of a folder that a path or shell pattern names, in order."""
    return [file for file in sorted(folder.glob(path)) if file.is_file()]


def _about(entry: Entry, results: Path, files: list[str]) -> dict[str, Any]:
    """What `study.json` says."""
    found, changed = commit(results)
    changed = [line for line in changed if not line.split(maxsplit=1)[1].startswith("docs/")]  # these decide no result
    if not found or changed:
        raise InputError(f"{results}: {len(changed)} files of its checkout are not as committed; commit and run again")
    hashes = {path: sha256(results / path) for path in files}
    for path, digest in hashes.items():
        card = card_of(results / path)
        if card.is_file() and path.endswith(".csv") and read_json(card)["sha256"] != digest:
            raise InputError(f"{results / path}: damaged or changed since it was made; remove it and run again")
    cards = [read_json(card) for card in sorted(results.glob(f"{CARDS}/*.json"))]
    return {
        "config": entry.config,
        "commit": found,
        "hardware": sorted({card["hardware"] for card in cards}),
        "versions": cards[0]["versions"] if cards else {},
        "sha256": hashes,
    }
