"""Run benchmarks: `python -m benchmarks [NAME ...] [--quick] [--page]`.

Every script is measured in fresh processes held to one thread, then to two, and on the GPU where there is
one; its rows go to `--out`/NAME.csv. `--page` takes the tables of a whole run into docs/benchmarks/ and
writes docs/benchmarks.md, its figure, and the last result in the header of each script.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks._case import NAMES
from benchmarks._measure import environment, fresh
from benchmarks._page import TABLES, remark, write_page
from whypretrain.runtime import files


def main() -> None:
    """Measure the named scripts, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all if none is given")
    parser.add_argument("--quick", action="store_true", help="toy sizes, each side once: to see that all runs")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks"), help="folder of the tables")
    parser.add_argument("--results", type=Path, default=Path("results/default"), help="a finished experiment")
    parser.add_argument("--before", type=Path, help="a finished run of the same otherwise, to compare with")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md from the tables in --out")
    found = parser.parse_args()
    if unknown := set(found.names) - set(NAMES):
        parser.error(f"no benchmark is called {min(unknown)!r}; known are {', '.join(NAMES)}")
    for name in found.names or NAMES:
        begin = time.perf_counter()
        print(name, file=sys.stderr)
        rows = measured(name, quick=found.quick, finished=[found.results, found.before])
        if rows:
            files.write_table(found.out / f"{name}.csv", pd.DataFrame(rows))
            print(remark(name, pd.DataFrame(rows)))
        print(f"  {time.perf_counter() - begin:.0f} s, {found.out / name}.csv", file=sys.stderr)
    if found.page:
        TABLES.mkdir(exist_ok=True)
        for table in found.out.glob("*.csv"):
            shutil.copy(table, TABLES)
        write_page()


def measured(name: str, *, quick: bool, finished: list[Path | None]) -> list[dict[str, Any]]:
    """All rows of a script; `finished` are a run's results, and those of one before it or None."""
    rows: list[dict[str, Any]] = []
    module = import_module(f"benchmarks.{name}")
    if hasattr(module, "cases"):
        for threads, gpu in ways(quick=quick):
            with tempfile.NamedTemporaryFile(suffix=".json") as file:
                fresh(name, *(["--quick"] if quick else []), "--out", file.name, threads=threads, gpu=gpu)
                rows += json.loads(Path(file.name).read_text())
    if hasattr(module, "rows") and not quick:
        rows += [
            {"benchmark": name, **row, **environment(1)}
            for row in module.rows(*(path and path.resolve() for path in finished))
        ]
    return rows


def ways(*, quick: bool) -> list[tuple[int, bool]]:
    """Numbers of threads, and whether the GPU is used."""
    return [(1, False)] if quick else [(1, False), (2, False), *([(2, True)] if gpu_here() else [])]


def gpu_here() -> bool:
    """Whether NVIDIA's driver finds a GPU; torch is not asked, as it would keep the device."""
    tool = shutil.which("nvidia-smi")
    return bool(tool) and subprocess.run([tool, "-L"], capture_output=True).stdout.startswith(b"GPU")


if __name__ == "__main__":
    main()
