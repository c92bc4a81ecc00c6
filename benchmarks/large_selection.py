"""Selection from more source samples than fit into memory: `python -m benchmarks.large_selection [--rows 10000000]`.

Features (128 dimensions, float16) lie in a file below --folder and are removed at the end; 2,000 target samples are
around 5 of the source's 50 centres. The process may allocate 2 GiB, which the system enforces; the pages of the file
that it caches are not counted. Measured are `rank_samples` of all rows, k-means clusters, and `rank_samples_in_stages`
with them. `lost` is how much less row mass of the whole solution the chosen 1 % have than its own best 1 %.

One line a number of rows: 10,000,000 take 2.6 GB of disk and about an hour on 2 cores.

    OMP_NUM_THREADS=2 python -m benchmarks.large_selection --rows 100000 1000000 10000000
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import memory
from benchmarks.streaming_selection import DIMENSIONS, fill
from whypretrain.selection import cluster_features, rank_samples, rank_samples_in_stages

LIMIT = 2 << 30  # bytes
TARGETS, TARGET_CENTRES, CLUSTERS = 2_000, 5, 500
CHOSEN, CANDIDATES = 1 / 100, 1 / 5  # of the rows


def measured(rows: int, folder: Path) -> dict[str, Any]:
    """Seconds, peak memory and loss for so many source samples."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "features.npy"
        fill(np.lib.format.open_memmap(path, "w+", np.float16, (rows, DIMENSIONS)), seed=0).flush()
        source, target = np.load(path, mmap_mode="r"), fill(np.empty((TARGETS, DIMENSIONS)), 1, TARGET_CENTRES)
        k = max(1, round(CHOSEN * rows))
        whole, seconds, peak = watched(lambda: rank_samples(source, target, k=k))
        clusters, clustering, cluster_peak = watched(lambda: cluster_features(source, min(CLUSTERS, rows // 100)))
        few = round(CANDIDATES * rows)
        staged, stages, stage_peak = watched(
            lambda: rank_samples_in_stages(source, target, clusters, k=k, candidates=few)
        )
    best, chosen = (whole.score[ranking.order[:k]].sum() for ranking in (whole, staged))
    assert whole.certificate is not None
    return {
        "rows": rows,
        "whole_s": round(seconds, 1),
        "whole_mib": round(peak),
        "passes": whole.certificate.iterations,
        "gap": float(f"{whole.certificate.gap:.1e}"),
        "cluster_s": round(clustering, 1),
        "cluster_mib": round(cluster_peak),
        "stages_s": round(stages, 1),
        "stages_mib": round(stage_peak),
        "lost": round(float(1 - chosen / best), 4),
        "same": round(len(np.intersect1d(whole.selected, staged.order[:k])) / k, 4),
    }


def watched(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result of a call, its seconds, and the process's peak of anonymous memory in MiB, looked at every 20 ms."""
    peak, done = [memory("RssAnon")], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak.append(max(peak.pop(), memory("RssAnon")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    try:
        found = call()
    finally:
        done.set()
        watcher.join()
    return found, time.perf_counter() - begin, peak[0]


def main() -> None:
    """Print a line of JSON for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where features lie meanwhile")
    found = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    for rows in found.rows:
        print(json.dumps(measured(rows, found.folder)), flush=True)


if __name__ == "__main__":
    main()
