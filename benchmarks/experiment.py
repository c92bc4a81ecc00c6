"""Claim: the default experiment takes at most 1.25 times the core-seconds that its jobs compute; all figures
are redrawn in under a minute, and the interactions re-analysed from cached scores in under five seconds.

No peer: the first row is measured from what a finished run left behind (its jobs' benchmark files and logs),
the others do its figures (by Snakemake, on a copy) and its analysis over. A run that was interrupted counts
from its parts without pauses of over a minute.

Last result (2026-11-21, commit deff2bd, AMD EPYC, 2 cores, one thread): the peer's time over ours
    whole default experiment, 111 jobs, 2 at a time, computing inside the jobs, core-seconds: 0.818
    whole unshared experiment, 135 jobs, 2 at a time, computing inside the jobs, core-seconds: 0.79

    python -m benchmarks experiment [--results results/default] [--before results/unshared]
"""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parent.parent
PAUSE = 60.0  # seconds without a job that are no part of a run
CORES = 2


def rows(results: Path, before: Path | None = None) -> Iterator[dict[str, Any]]:
    """The three rows, and that of a run before; none without a finished experiment."""
    if not (results / "claims.csv").exists():
        yield {"size": str(results), "verdict": "peer absent", "note": "run `make` first: no finished experiment"}
        return
    yield from (whole(each) for each in (results, before) if each)
    with tempfile.TemporaryDirectory() as folder:
        experiment = copied(results, Path(folder))
        config = ["--configfile", str(ROOT / f"config/{experiment}.yaml")]
        figures = ["snakemake", "--cores", str(CORES), "--forcerun", "draw_figure", "--allowed-rules", "draw_figure"]
        yield timed("redraw all figures", [*figures, "figures", *config, "--", "figures"], Path(folder), limit=60.0)
        scores = [str(path) for path in sorted((results / "interactions").glob("*/*/*.npz"))]
        again = ["whypretrain.stages.interactions", "--out", f"{folder}/again", "--scores", *scores]
        yield timed(f"analyse {len(scores)} cached scorings again", again, Path(folder), limit=5.0)


def whole(results: Path) -> dict[str, Any]:
    """Core-seconds that the run had against those that its jobs computed."""
    timing = runpy.run_path(str(ROOT / "workflow/tools/timing.py"))
    jobs = timing["read_jobs"](results, since=0.0)
    wall, cores = span([(job.end - job.wall, job.end) for job in jobs])
    computing = sum(job.computing for job in jobs)
    ratio = computing / (wall * cores)
    starting = sum(job.wall for job in jobs) - computing
    return {
        "size": f"whole {results.name} experiment, {len(jobs)} jobs, {cores} at a time",
        "peer": "computing inside the jobs, core-seconds",
        "ours_s": wall * cores,
        "peer_s": computing,
        "ratio": ratio,
        "aim": 0.8,
        "verdict": "meets" if ratio >= 0.8 else "misses",
        "note": f"wall {wall / 60:.1f} min; start-up of jobs {starting:.0f} core-seconds, "
        f"bookkeeping and cores without a job {wall * cores - computing - starting:.0f}",
        "why": "each of many short jobs imports torch and timm anew",
    }


def remark(table: pd.DataFrame) -> str:
    """Wall time of each whole run, and what was not computing."""
    if "note" not in table:
        return ""
    told = table[table["note"].notna()]
    return "\n".join(f"{row['size'].capitalize()}: {row['note']}.  " for _, row in told.iterrows())


def span(intervals: list[tuple[float, float]]) -> tuple[float, int]:
    """Seconds from first start to last end without pauses, and the most jobs at a time."""
    changes = sorted([(start, 1) for start, _ in intervals] + [(end, -1) for _, end in intervals])
    seconds, running, most = 0.0, 0, 0
    for (now, change), (after, _) in pairwise(changes):
        running += change
        idle = running == 0 and after - now > PAUSE
        seconds += 0.0 if idle else after - now
        most = max(most, running)
    return seconds, most


def copied(results: Path, folder: Path) -> str:
    """A checkout with the results in it; the experiment's name."""
    for name in ("Snakefile", "workflow", "config", "profiles"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(results, folder / "results" / results.name)
    return results.name


def timed(size: str, module: list[str], folder: Path, *, limit: float) -> dict[str, Any]:
    """Seconds of `python -m` with these words, from start to end."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", *module], cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"{module[0]} failed:\n{done.stderr[-2000:]}")
    return {
        "size": size,
        "ours_s": seconds,
        "limit": limit,
        "verdict": "meets" if seconds <= limit else "misses",
        "why": "most of it is start-up of interpreters and their imports",
    }
