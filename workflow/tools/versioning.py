"""Two bridges between Snakemake, which makes results, and DVC, which keeps them with what made them.

    python workflow/tools/versioning.py record     after a run
    python workflow/tools/versioning.py restore    after a clone or a checkout
    python workflow/tools/versioning.py graph      writes what DVC reads of the workflow

`record` checks that every output is current and is what its record of provenance says, then writes dvc.lock and the
cache; `restore` fetches the recorded results and tells Snakemake which of them are current. A bare `dvc commit` would
believe anything; a bare `dvc pull` leaves files in a random order of time, so that Snakemake would make some again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline import DEFAULT, Pipeline, downstream

from whypretrain import provenance
from whypretrain.errors import InputError

ROOT = Path(__file__).parents[2]
LOST = {"deleted", "modified", "new", "not in cache"}  # states of an output in `dvc status`


def record(config: str, *, prune: bool = False) -> None:
    """Put the results of one experiment under DVC, provided that Snakemake finds all of them current."""
    found, rows = Pipeline(config), _summary(config)
    if stale := [f"{path}: {reason}" for path, row in rows.items() if (reason := _why_not_current(row))]:
        raise SystemExit(_listed("not recorded, outputs are not current (run the workflow first)", stale))
    strays = sorted(_files(found) - set(rows) - {str(provenance.card_of(path)) for path in rows})
    if strays and not prune:
        raise SystemExit(_listed("not recorded, files that no rule makes (--prune removes them)", strays))
    for path in strays:
        Path(path).unlink()
    found.write()
    _dvc("commit", "--force", "--quiet", found.file)
    if left := _status(found):
        raise SystemExit(_listed("recorded, but DVC still finds changes in", sorted(left)))
    print(f"recorded {len(rows)} outputs in {len(found.stages)} stages")


def restore(config: str, *, discard: bool = False) -> None:
    """Bring back the recorded results of one experiment, less those that would be made anew."""
    found = Pipeline(config)
    if absent := [path for path in found.fetched if not Path(path).exists()]:
        _snakemake(config, "--cores", "1", "--", *absent)  # published weights are compared by content
        found = Pipeline(config)
    found.write()
    if differing := _differing(found):
        print(_listed("not what the recorded results were made from", differing, "note"))
    _dvc("pull", "--quiet", *(["--force"] if discard else []), found.file, check=False)
    status = _status(found)
    if unsaved := [path for path in _unrecorded(status) if Path(path).exists()]:
        raise SystemExit(_listed("not restored, these are not recorded (--discard removes them)", unsaved))
    stale = downstream(status, found.stages)
    for path in (out for stage in found.stages if stage.name in stale for out in stage.outs):
        _remove(Path(path))
    if current := [stage.name for stage in found.stages if stage.name not in stale]:
        _snakemake(config, "--touch", "--forceall", "--cores", "1", "--", *current)
    made = [stage.name for stage in found.stages if stage.name in stale]
    print("current:", *current or ["none"], "| to be made:", *made or ["none"])


def _summary(config: str) -> dict[str, dict[str, str]]:
    """Snakemake's own view of every output file: path -> row of its detailed summary."""
    text = _snakemake(config, "--detailed-summary")
    lines = text[text.index("output_file\t") :].splitlines()
    return {row["output_file"]: row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}


def _why_not_current(row: dict[str, str]) -> str:
    """Why an output must not be recorded; empty where it may."""
    if row["status"] == "removed temp file" and row["plan"] == "no update":
        return ""
    if not Path(row["output_file"]).exists():
        return "missing"
    if row["plan"] != "no update":
        return row["status"] if row["status"] != "ok" else "made from something that is not current"
    return "made without a record of how" if row["shellcmd"] == "-" else provenance.fault(row["output_file"])


def _files(found: Pipeline) -> set[str]:
    """Every file in the folders that the stages make, but for what DVC itself puts there."""
    folders = [Path(out) for stage in found.stages for out in stage.outs if Path(out).is_dir()]
    files = (file for folder in folders for file in folder.rglob("*") if file.is_file())
    return {str(file) for file in files if file.name != ".gitignore"}


def _status(found: Pipeline) -> dict[str, list[Any]]:
    """DVC's view of the stages that differ from their record: name -> changes."""
    addresses = [found.address(stage.name) for stage in found.stages]
    changes = json.loads(_dvc("status", "--json", *addresses) or "{}")
    return {address.rpartition(":")[2]: found for address, found in changes.items()}


def _differing(found: Pipeline) -> list[str]:
    """Files and folders that the config names and that are not as they were when the results were recorded."""
    changes = json.loads(_dvc("status", "--json", found.address("graph")) or "{}")
    entries = [entry for each in changes.values() for entry in each if isinstance(entry, dict)]
    changed = {path: state for entry in entries for path, state in entry.get("changed deps", {}).items()}
    return [f"{path} ({changed[path]})" for path in found.outside if changed.get(path) not in (None, "new")]


def _unrecorded(status: dict[str, list[Any]]) -> list[str]:
    """Outputs that differ from what is recorded."""
    changes = [change for entries in status.values() for change in entries if isinstance(change, dict)]
    return sorted(path for change in changes for path, state in change.get("changed outs", {}).items() if state in LOST)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _snakemake(config: str, *arguments: str) -> str:
    return _run("snakemake", "--configfile", config, *arguments)


def _dvc(*arguments: str, check: bool = True) -> str:
    return _run("dvc", *arguments, check=check)


def _run(module: str, *arguments: str, check: bool = True) -> str:
    """Standard output of a tool of this environment, run without the profile of a cluster."""
    environment = {name: value for name, value in os.environ.items() if name != "SNAKEMAKE_PROFILE"}
    command = [sys.executable, "-m", module, *arguments]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if check and result.returncode:
        raise SystemExit(f"error: {module} {arguments[0]} failed:\n{result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def _listed(title: str, lines: list[str], kind: str = "error", most: int = 20) -> str:
    more = [f"... and {len(lines) - most} more"] if len(lines) > most else []
    return "\n  ".join([f"{kind}: {title}:", *lines[:most], *more])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["record", "restore", "graph"])
    parser.add_argument("--config", default=DEFAULT, help="the experiment's config file")
    parser.add_argument("--prune", action="store_true", help="record: remove files that no rule makes")
    parser.add_argument("--discard", action="store_true", help="restore: drop results that are not recorded")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    try:
        if arguments.action == "record":
            record(arguments.config, prune=arguments.prune)
        elif arguments.action == "restore":
            restore(arguments.config, discard=arguments.discard)
        else:
            Pipeline(arguments.config).write()
    except InputError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
