"""Where the time of an experiment goes: computing, start-up and imports of every stage's jobs.

No peer. Wall and computing seconds come from the benchmark files and logs of a finished run; the imports are
those of the stage's module in a fresh interpreter, and the package that takes most of them, by `python -X
importtime`.

    python -m benchmarks stages [--results results/default] [--before results/unshared]
    snakemake --cores all --config experiment=unshared 'train={"jobs": []}'       # a job for every training method
    python -m cProfile -s cumulative -m whypretrain.stages.NAME ...      # one job, as `snakemake -np` prints it
"""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whypretrain.report.times import StageTime, stage_times

#: Stages as the results' folders name them, and the modules that run most of their jobs.
MODULES = {"interactions": "score", "figures": "figure"}
HEAVY = ("torch", "timm", "torchvision", "pandas", "scipy", "sklearn", "matplotlib", "numpy")


def rows(results: Path, before: Path | None = None) -> Iterator[dict[str, Any]]:
    """One row a stage, longest first; next to it the same of an earlier run."""
    earlier = {stage.stage: stage for stage in stage_times(before)} if before else {}
    for stage in stage_times(results):
        module = MODULES.get(stage.stage, stage.stage)
        seconds, most = imports(f"whypretrain.stages.{module}")
        yield {
            **spent(stage),
            **{f"was_{key}": value for key, value in spent(earlier.get(stage.stage)).items()},
            "size": stage.stage,
            "processor_s": processor_seconds(results, stage.stage),
            "import_s": seconds,
            "note": most,
        }


def spent(stage: StageTime | None) -> dict[str, float]:
    """Jobs of a stage, their seconds, those of computing, and the rest of one job."""
    if stage is None:
        return {}
    computing = stage.seconds * (stage.computing or 0.0)
    start = (stage.seconds - computing) / stage.jobs
    return {"jobs": stage.jobs, "ours_s": stage.seconds, "computing_s": computing, "start_s": start}


def processor_seconds(results: Path, stage: str) -> float:
    """Seconds of processor time of a stage's jobs: less than their wall time where they waited for a core."""
    folder = results / "benchmarks"
    files = [*folder.glob(f"{stage}.tsv"), *folder.glob(f"{stage}/*.tsv")]
    tables = [list(csv.DictReader(path.read_text().splitlines(), delimiter="\t")) for path in files]
    return sum(float(row["cpu_time"]) for table in tables for row in table if row["cpu_time"] != "NA")


def imports(module: str) -> tuple[float, str]:
    """Seconds that importing takes in a fresh interpreter, and the heavy packages among them with their seconds."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"], capture_output=True, text=True
    )
    seconds = time.perf_counter() - begin
    lines = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if "|" in line]
    taken = {parts[2].strip(): int(parts[1]) / 1e6 for parts in lines if parts[1].strip().isdigit()}
    return seconds, ", ".join(f"{name} {taken[name]:.2f} s" for name in HEAVY if taken.get(name, 0) > 0.05)
