"""Where the time of a run went: computing inside the jobs, their start-up, and the rest.

    python workflow/tools/timing.py results/default --since 1760000000 --cores 2

Every job leaves a benchmark file (its wall time) and a log that ends in `computed SECONDS s` (its wall time less
interpreter start and imports). What the cores had left over is the workflow's bookkeeping and cores without a job.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from whypretrain.runtime.times import Job, read_jobs


def summary(jobs: Sequence[Job], wall: float, cores: int) -> str:
    """Three lines for people: wall time, and what part of the core-seconds each use had."""
    available = max(wall * cores, 1e-9)
    computing = sum(job.computing or 0.0 for job in jobs)
    starting = sum(job.wall for job in jobs) - computing
    rest = available - computing - starting
    return (
        f"{_number(len(jobs), 'job')} in {wall:.0f} s ({wall / 60:.1f} min) on {_number(cores, 'core')}\n"
        f"  computing {computing:.0f} core-seconds, {computing / available:.0%} of the {available:.0f} available\n"
        f"  not computing {1 - computing / available:.0%}: start-up of jobs {starting / available:.0%}, "
        f"bookkeeping and cores without a job {rest / available:.0%}"
    )


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def page(results: Path, since: float) -> Path | None:
    """The report, if it was made after the time `since`."""
    found = results / "report.html"
    return found if found.exists() and found.stat().st_mtime >= since else None


def main() -> None:
    """Print the summary of one run, and where its report is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--since", type=float, required=True, help="start of the run, seconds of the epoch")
    parser.add_argument("--cores", type=int, required=True)
    arguments = parser.parse_args()
    if jobs := [job for job in read_jobs(arguments.results) if job.end >= arguments.since]:
        print(summary(jobs, time.time() - arguments.since, arguments.cores))
    if made := page(arguments.results, arguments.since):
        print(f"Open {made}")


if __name__ == "__main__":
    main()
