"""Measuring cases: outputs are compared first, then both sides run in turn in one process of fixed threads.

    python -m benchmarks._measure NAME --threads N --out FILE       all cases of a script, as JSON
    python -m benchmarks._measure NAME --case I --side ours         growth of the peak memory in a fresh process

Time is wall time, of as many calls in a row as fill 5 ms. A round times both sides, the first of them in
turn. The ratio is the median of the rounds' ratios, its interval that of a bootstrap of the rounds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._case import Case, cases
from whypretrain.runtime.seeds import generator
from whypretrain.statistics import Interval

SECONDS = 3.0  # of rounds, for a case and a number of threads
SHORTEST = 5e-3  # seconds that are worth timing
FEWEST, MOST = 3, 25  # rounds
LONG = 20.0  # seconds of a round that is not repeated


def measure(case: Case, *, quick: bool) -> dict[str, Any]:
    """One row: what the outputs differ by, and, where they agree, times and ratio."""
    row: dict[str, Any] = {
        "size": case.size,
        "peer": case.peer,
        "peer_version": case.peer_version,
        "share": case.share,
        "aim": case.aim,
        "limit": case.limit,
        "tolerance": case.tolerance,
        "curve": case.curve,
        "x": case.x or None,
        **({"images": case.images, "operations": case.operations} if case.images or case.operations else {}),
    }
    if case.absent:
        return {**row, "verdict": "peer absent", "note": f"{case.absent} is not installed"}
    pair = case.build()
    warm = [_timed(side) for side in (pair.ours, pair.theirs) if side is not None]
    outputs = [output for _, output in warm]
    row["note"] = pair.note(*outputs, None) if len(outputs) == 1 else pair.note(*outputs)
    if len(outputs) == 2:
        row["difference"] = pair.difference(*outputs)
        if not row["difference"] <= case.tolerance:
            return {**row, "ours_s": warm[0][0], "verdict": "peer differs", "note": case.suspect or row["note"]}
    del outputs
    times = _rounds([pair.ours, pair.theirs][: len(warm)], [seconds for seconds, _ in warm], quick=quick)
    return {**row, **summary(times, case)}


def summary(times: np.ndarray, case: Case) -> dict[str, Any]:
    """Medians of times (rounds, sides), the ratio with its interval, and whether it meets its aim."""
    found: dict[str, Any] = {"rounds": len(times), "ours_s": float(np.median(times[:, 0]))}
    met = case.limit is None or found["ours_s"] <= case.limit
    if times.shape[1] == 2:
        ratios = times[:, 1] / times[:, 0] / case.share
        found["peer_s"] = float(np.median(times[:, 1])) / case.share
        found |= dict(zip(("ratio", "low", "high"), asdict(median_interval(ratios)).values(), strict=True))
        met = met and (case.aim is None or found["ratio"] >= case.aim)
    aimed = case.aim is not None or case.limit is not None
    verdict = ("meets" if met else "misses") if aimed else ""
    return {**found, "verdict": verdict, **({"why": case.why} if verdict == "misses" else {})}


def median_interval(values: np.ndarray, confidence: float = 0.95, resamples: int = 2000) -> Interval:
    """Median with the percentile interval of its bootstrap; one value alone has NaN bounds."""
    if len(values) < 2:
        return Interval(float(np.median(values)), np.nan, np.nan)
    drawn = generator("benchmark rounds").integers(len(values), size=(resamples, len(values)))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.median(values[drawn], axis=1), [tail, 1 - tail])
    return Interval(float(np.median(values)), float(low), float(high))


def peak_growth(case: Case, side: str) -> float:
    """MiB by which one call raises this process's resident memory at its peak (Linux)."""
    pair = case.build()
    call = pair.ours if side == "ours" else pair.theirs
    assert call is not None
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = memory("VmRSS")
    call()
    return memory("VmHWM") - before


def environment(threads: int) -> dict[str, Any]:
    """Where and with what a row was measured."""
    import torch

    gpu = torch.cuda.is_available()
    commit = _output("git", "rev-parse", "--short", "HEAD")
    changed = "+" if _output("git", "status", "--porcelain", "--untracked-files=no", "workflow") else ""
    return {
        "threads": threads,
        "device": torch.cuda.get_device_name() if gpu else "CPU",
        "cpu": _cpu(),
        "load": round(os.getloadavg()[0], 1),
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": torch.__version__.split("+")[0],
        "numpy": np.__version__,
        "commit": commit + changed,
        "date": time.strftime("%Y-%m-%d"),
    }


def fresh(name: str, *arguments: object, threads: int, gpu: bool = False) -> str:
    """Standard output of this module in a process that is held to so many threads from its start."""
    held = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    hidden = {} if gpu else {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "benchmarks._measure", name, "--threads", str(threads), *map(str, arguments)]
    done = subprocess.run(command, env={**os.environ, **held, **hidden}, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _rounds(sides: list[Callable[[], Any]], warm: list[float], *, quick: bool) -> np.ndarray:
    """Seconds of a call, (rounds, sides); the warm-up stands for a side that takes too long to repeat."""
    calls = [max(1, math.ceil(SHORTEST / seconds)) for seconds in warm]
    whole = sum(max(seconds, SHORTEST) for seconds in warm)
    if quick or whole > LONG:
        return np.array([warm])
    found = np.empty((min(MOST, max(FEWEST, int(SECONDS / whole))), len(sides)))
    for index, row in enumerate(found):
        for side in range(len(sides))[:: 1 if index % 2 else -1]:
            row[side] = _timed(sides[side], calls[side])[0]
    return found


def _timed(call: Callable[[], Any], calls: int = 1) -> tuple[float, Any]:
    """Seconds of one of so many calls in a row, and the last result."""
    _wait()
    begin = time.perf_counter()
    for _ in range(calls):
        result = call()
    _wait()
    return (time.perf_counter() - begin) / calls, result


def _wait() -> None:
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.synchronize()


def memory(entry: str) -> float:
    """An entry of /proc/self/status in MiB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[entry].split()[0]) / 1024


def _cpu() -> str:
    names = [line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return f"{names[0].strip() if names else 'unknown'}, {os.cpu_count()} cores"


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    return done.stdout.strip()


def main() -> None:
    """Measure in this process; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--case", type=int)
    parser.add_argument("--side")
    found = parser.parse_args()
    chosen = list(cases(found.name, quick=found.quick))
    if found.case is not None:
        print(peak_growth(chosen[found.case], found.side))
        return
    rows = []
    for index, case in enumerate(chosen):
        if found.threads not in case.threads:
            continue
        row = {"benchmark": found.name, **measure(case, quick=found.quick), **environment(found.threads)}
        if case.memory and not found.quick and found.threads == 1:
            for side in ("ours", "peer") if row.get("peer_s") else ("ours",):
                row[f"{side}_mib"] = float(fresh(found.name, "--case", index, "--side", side, threads=1).split()[-1])
        print(f"  {case.name}, {found.threads} threads: {row.get('ratio', row.get('ours_s', '-'))}", file=sys.stderr)
        rows.append(row)
    found.out.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
