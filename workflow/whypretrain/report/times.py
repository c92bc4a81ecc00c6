"""Where the time went: what every stage's jobs took, and how much of it was computing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

_COMPUTED = re.compile(r"^computed ([\d.]+) s$", re.MULTILINE)  # the last line of a job's log


@dataclass(frozen=True)
class StageTime:
    """Run time of one stage: seconds over all jobs, the longest job, and the most memory (MB) of one job.

    Attributes:
        computing: share of the seconds without interpreter start and imports; None where no log tells.
    """

    stage: str
    jobs: int
    seconds: float
    longest: float
    computing: float | None
    memory: float | None


def stage_times(results: Path) -> list[StageTime]:
    """Sums of the benchmark files by stage (the first part of their path), longest stage first."""
    folder = results / "benchmarks"
    rows = [row for path in sorted(folder.rglob("*.tsv")) for row in _benchmark(path, results)]
    table = pd.DataFrame(rows, columns=["stage", "seconds", "computed", "memory"])
    times = [_stage_time(str(stage), part) for stage, part in table.groupby("stage")]
    return sorted(times, key=lambda time: time.seconds, reverse=True)


def total(times: list[StageTime]) -> StageTime:
    """All stages together."""
    seconds = sum(time.seconds for time in times)
    known = [time for time in times if time.computing is not None]
    measured = sum(time.seconds for time in known)
    computed = sum(time.seconds * (time.computing or 0) for time in known)
    return StageTime(
        "all",
        sum(time.jobs for time in times),
        seconds,
        max(time.longest for time in times),
        computed / measured if measured else None,
        max((time.memory for time in times if time.memory is not None), default=None),
    )


def _stage_time(stage: str, jobs: pd.DataFrame) -> StageTime:
    told = jobs.dropna(subset="computed")
    memory = jobs["memory"].max()
    return StageTime(
        stage,
        len(jobs),
        float(jobs["seconds"].sum()),
        float(jobs["seconds"].max()),
        float(told["computed"].sum() / told["seconds"].sum()) if told["seconds"].sum() > 0 else None,
        float(memory) if np.isfinite(memory) else None,
    )


def _benchmark(path: Path, results: Path) -> Iterator[tuple[str, float, float, float]]:
    """Stage, seconds, seconds of computing and memory of each repetition; an unreadable file counts for nothing."""
    try:
        table = pd.read_csv(path, sep="\t", na_values="-")
    except (OSError, ValueError):
        return
    name = path.relative_to(results / "benchmarks")
    computed = _computed(results / "logs" / name.with_suffix(".log"))
    for _, row in table.iterrows() if "s" in table else []:
        yield name.parts[0].removesuffix(".tsv"), float(row["s"]), computed, float(row.get("max_rss", np.nan))


def _computed(log: Path) -> float:
    """Seconds that the job of this log computed; NaN where it does not tell."""
    try:
        found = _COMPUTED.findall(log.read_text(errors="replace"))
    except OSError:
        return np.nan
    return sum(map(float, found)) if found else np.nan
