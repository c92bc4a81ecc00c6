"""Where the time of a run went: computing inside the jobs, their start-up, and the rest.

    python workflow/tools/timing.py results/default --since 1760000000 --cores 2

Every job leaves a benchmark file (its wall time) and a log that ends in `computed SECONDS s` (its wall time less
interpreter start and imports). What the cores had left over is the workflow's bookkeeping and cores without a job.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from dataclasses import dataclass
from pathlib import Path

COMPUTED = re.compile(r"^computed ([\d.]+) s$", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """One job's wall seconds, how many of them were computing, and when it ended (seconds of the epoch)."""

    wall: float
    computing: float
    end: float


def read_jobs(results: Path, since: float) -> list[Job]:
    """The jobs below `results` that ended after the time `since` (seconds of the epoch)."""
    found = []
    for benchmark in sorted((results / "benchmarks").rglob("*.tsv")):
        log = results / "logs" / benchmark.relative_to(results / "benchmarks").with_suffix(".log")
        if benchmark.stat().st_mtime < since or not log.exists():
            continue
        with benchmark.open() as file:
            wall = sum(float(row["s"]) for row in csv.DictReader(file, delimiter="\t"))
        found.append(Job(wall, sum(map(float, COMPUTED.findall(log.read_text()))), benchmark.stat().st_mtime))
    return found


def summary(jobs: list[Job], wall: float, cores: int) -> str:
    """Three lines for people: wall time, and the shares of the core-seconds that it had."""
    available = max(wall * cores, 1e-9)
    computing = sum(job.computing for job in jobs)
    starting = sum(job.wall for job in jobs) - computing
    rest = available - computing - starting
    return (
        f"{len(jobs)} jobs in {wall:.0f} s ({wall / 60:.1f} min) on {cores} cores\n"
        f"  computing {computing:.0f} core-seconds, {computing / available:.0%} of the {available:.0f} available\n"
        f"  not computing {1 - computing / available:.0%}: start-up of jobs {starting / available:.0%}, "
        f"bookkeeping and cores without a job {rest / available:.0%}"
    )


def page(results: Path, since: float) -> Path | None:
    """The report, if it was made after the time `since`."""
    found = results / "report.html"
    return found if found.exists() and found.stat().st_mtime >= since else None


def main() -> None:
    """Print the summary of one run, and where its report is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--since", type=float, required=True, help="start of the run, seconds of the epoch")
    parser.add_argument("--cores", type=int, required=True)
    arguments = parser.parse_args()
    if jobs := read_jobs(arguments.results, arguments.since):
        print(summary(jobs, time.time() - arguments.since, arguments.cores))
    if made := page(arguments.results, arguments.since):
        print(f"Open {made}")


if __name__ == "__main__":
    main()
