"""Where the time went: what every stage's jobs took, and how much of it was computing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from whypretrain.runtime.times import Job, read_jobs


@dataclass(frozen=True)
class StageTime:
    """Run time of one stage: seconds over all jobs, the longest job, and the most memory (MB) of one job.

    Attributes:
        computing: fraction of the seconds without interpreter start and imports; None where no log says.
    """

    stage: str
    jobs: int
    seconds: float
    longest: float
    computing: float | None
    memory: float | None


def stage_times(results: Path) -> list[StageTime]:
    """The times of every stage (the first part of a benchmark file's path), longest stage first."""
    by_stage: dict[str, list[Job]] = {}
    for job in read_jobs(results):
        by_stage.setdefault(job.stage, []).append(job)
    times = [_together(stage, jobs) for stage, jobs in sorted(by_stage.items())]
    return sorted(times, key=lambda time: time.seconds, reverse=True)


def total(results: Path) -> StageTime | None:
    """All stages together; None before the first job."""
    jobs = read_jobs(results)
    return _together("all", jobs) if jobs else None


def costs(results: Path) -> pd.DataFrame:
    """What every stage took, in the order of their first jobs, then all of them: one row each.

    Columns: stage; jobs; wall_s, during which at least one of its jobs ran; core_s, seconds of all cores together;
    memory_mb, the most of one job.
    """
    jobs = sorted(read_jobs(results), key=lambda job: job.end - job.wall)
    stages = [*dict.fromkeys(job.stage for job in jobs), "all"]
    parts = [[job for job in jobs if stage in (job.stage, "all")] for stage in stages]
    return pd.DataFrame(
        [
            {
                "stage": stage,
                "jobs": len(part),
                "wall_s": round(_covered(part), 1),
                "core_s": round(sum(job.cores or 0.0 for job in part), 1),
                "memory_mb": max((job.memory for job in part if job.memory is not None), default=float("nan")),
            }
            for stage, part in zip(stages, parts, strict=True)
        ]
    )


def _covered(jobs: Sequence[Job]) -> float:
    """Seconds during which at least one of the jobs ran; they come in the order of their starts."""
    covered, until = 0.0, float("-inf")
    for job in jobs:
        covered += max(0.0, job.end - max(until, job.end - job.wall))
        until = max(until, job.end)
    return covered


def _together(stage: str, jobs: Sequence[Job]) -> StageTime:
    told = [(job.computing, job.wall) for job in jobs if job.computing is not None]
    seconds = sum(wall for _, wall in told)
    return StageTime(
        stage,
        len(jobs),
        sum(job.wall for job in jobs),
        max(job.wall for job in jobs),
        sum(computing for computing, _ in told) / seconds if seconds else None,
        max((job.memory for job in jobs if job.memory is not None), default=None),
    )
