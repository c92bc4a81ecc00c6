"""Per-sample selection: time and peak memory of transport from features that never holds the cost matrix.

Claim: 1.28 M source images x 6 k target images at 128 dimensions fit in 4 GiB; the dense cost alone would take 31 GB in
single precision. Settings of arXiv:2111.12292: temperature 0.1, tau 1:100 times it.

There is no peer: of the libraries that solve without the cost matrix none takes two different marginal weights in
NumPy. At the toy size the result is checked against the dense solver instead.

Last result (one thread of an AMD EPYC shared with other work, NumPy 2.4.6):
    200000 x 2000 x 128: 28.8 s, 10 passes, relative gap 3e-11; peak 0.15 GiB, of which features 0.13 GiB
    extrapolated to 1281167 x 5994: 9 min, 0.8 GiB
    1281167 x 200 x 128: 30.2 s, 10 passes; peak 0.76 GiB, of which features 0.65 GiB

    OMP_NUM_THREADS=1 python benchmarks/streaming_selection.py [--quick] [--source N] [--target M]
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from whypretrain.selection import cosine_cost, unbalanced_ot, unbalanced_ot_from_features

DIMENSIONS = 128
PAPER = (1_281_167, 5_994)
OPTIONS = {"epsilon": 0.1, "tau_source": 0.1, "tau_target": 10.0}


def main() -> None:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--quick", action="store_true", help="a toy size, checked against the dense solver")
    found.add_argument("--source", type=int, default=200_000)
    found.add_argument("--target", type=int, default=2_000)
    arguments = found.parse_args()
    n, m = (3_000, 200) if arguments.quick else (arguments.source, arguments.target)
    source, target = features(n, seed=0), features(m, seed=1)
    before = peak_memory()
    start = time.perf_counter()
    result = unbalanced_ot_from_features(source, target, **OPTIONS)
    seconds = time.perf_counter() - start
    print(
        f"{n} x {m} x {DIMENSIONS}: {seconds:.1f} s, {result.iterations} passes, relative gap {result.relative_gap:.0e}"
    )
    print(f"peak memory {peak_memory():.2f} GiB, of which before the solver {before:.2f} GiB")
    if arguments.quick:
        check(source, target, result.row_mass)
    else:
        extrapolate(n, m, seconds, solver_memory=peak_memory() - before)


def features(rows: int, seed: int) -> np.ndarray:
    """Rows around 50 common centres, in single precision."""
    centres = np.random.default_rng(2).standard_normal((50, DIMENSIONS), dtype=np.float32)
    draw = np.random.default_rng(seed)
    found = np.empty((rows, DIMENSIONS), dtype=np.float32)
    for block in np.array_split(
        found, rows // 10_000 + 1
    ):  # no copy: the peak before the solver is the features'
        draw.standard_normal(block.shape, dtype=np.float32, out=block)
        block += centres[draw.integers(0, 50, len(block))]
    return found


def peak_memory() -> float:
    """Peak resident memory of this process in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def extrapolate(n: int, m: int, seconds: float, solver_memory: float) -> None:
    """Time grows with n m, the solver's memory with n + m at most, the features' exactly."""
    size = PAPER[0] * PAPER[1] / (n * m)
    memory = sum(PAPER) * DIMENSIONS * 4 / 2**30 + solver_memory * sum(PAPER) / (n + m)
    print(f"extrapolated to {PAPER[0]} x {PAPER[1]}: {seconds * size / 60:.0f} min, {memory:.1f} GiB")


def check(source: np.ndarray, target: np.ndarray, row_mass: np.ndarray) -> None:
    dense = unbalanced_ot(cosine_cost(source, target), **OPTIONS)
    error = np.abs(row_mass / dense.row_mass - 1).max()
    print(f"largest relative difference of a row mass from the dense solver: {error:.0e}")
    if error > 1e-4:
        raise SystemExit("streaming and dense solvers disagree")


if __name__ == "__main__":
    main()
