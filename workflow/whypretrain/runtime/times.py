"""Run times of jobs, from what each leaves: a benchmark file, and a log with the line `computed SECONDS s`."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

_COMPUTED = re.compile(r"^computed ([\d.]+) s$", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """One job: its stage, wall seconds, those without interpreter start and imports, memory (MB), when it ended, and
    the seconds that it had of all cores together.

    `computing`, `memory` and `cores` are None where log and benchmark do not say; `end` is in seconds of the epoch.
    """

    stage: str
    wall: float
    computing: float | None
    memory: float | None
    end: float
    cores: float | None = None


def read_jobs(results: Path) -> list[Job]:
    """Every job below the results of an experiment; an unreadable benchmark file counts for nothing."""
    found = []
    for path in sorted((results / "benchmarks").rglob("*.tsv")):
        name = path.relative_to(results / "benchmarks")
        computing = _computed(results / "logs" / name.with_suffix(".log"))
        stage = name.parts[0].removesuffix(".tsv")
        for row in csv.DictReader(path.read_text(errors="replace").splitlines(), delimiter="\t"):
            if (wall := _number(row.get("s"))) is not None:
                memory, cores = _number(row.get("max_rss")), _number(row.get("cpu_time"))
                found.append(Job(stage, wall, computing, memory, path.stat().st_mtime, cores))
    return found


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _computed(log: Path) -> float | None:
    try:
        found = _COMPUTED.findall(log.read_text(errors="replace"))
    except OSError:
        return None
    return sum(map(float, found)) if found else None
