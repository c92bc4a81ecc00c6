"""Claim: per-sample selection of 200,000 source images for 2,000 target images never holds the cost matrix:
time grows as the number of pairs, memory as the number of images.

Peers: `sinkhorn_unbalanced` of POT on the dense cost where that fits (its making counted on both sides), and
our own dense solver. Settings of arXiv 2111.12292: temperature 0.1, tau 1:100 times it; features of 128
dimensions.

Last result (2026-11-21, commit deff2bd, AMD EPYC, 2 cores, one thread): the peer's time over ours
    20000 x 500, sinkhorn: 1.13 (1.13–1.62)
    20000 x 500, our dense solver: 0.736 (0.72–1.2)

    python -m benchmarks streaming_selection [--quick]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from benchmarks._case import Case, Pair
from benchmarks.unbalanced_ot import quiet, row_error
from whypretrain.selection import cosine_cost, unbalanced_ot, unbalanced_ot_from_features

DIMENSIONS = 128
PAPER = (1_280_000, 6_000)  # images of ImageNet and of a target such as CUB
OPTIONS = {"epsilon": 0.1, "tau_source": 0.1, "tau_target": 10.0}


def cases(quick: bool) -> Iterator[Case]:
    """POT while its cost matrix fits, then ours alone."""
    for n, m in [(600, 100)] if quick else [(20_000, 500)]:
        size = f"{n} x {m}"
        yield Case(size, partial(beside_pot, n, m), "sinkhorn", package="POT", needs="ot", tolerance=1e-4, memory=True)
        yield Case(size, partial(beside_dense, n, m), "our dense solver", tolerance=1e-4, memory=True)
    n, m = (2_000, 100) if quick else (200_000, 2_000)
    yield Case(f"{n} x {m}", partial(alone, n, m), threads=(1, 2), memory=True)


def features(rows: int, seed: int) -> np.ndarray:
    """Rows around 50 common centres, in single precision."""
    return fill(np.empty((rows, DIMENSIONS), dtype=np.float32), seed)


def fill(found: np.ndarray, seed: int, centres: int = 50) -> np.ndarray:
    """Draw all rows of an array around the first of 50 common centres, some at a time."""
    common = np.random.default_rng(2).standard_normal((50, DIMENSIONS), dtype=np.float32)
    draw = np.random.default_rng(seed)
    for block in np.array_split(found, len(found) // 10_000 + 1):
        values = draw.standard_normal(block.shape, dtype=np.float32)
        block[:] = values + common[draw.integers(0, centres, len(block))]
    return found


def alone(n: int, m: int) -> Pair:
    """Our solver, which keeps no cost matrix."""
    source, target = features(n, seed=0), features(m, seed=1)
    return Pair(
        lambda: unbalanced_ot_from_features(source, target, **OPTIONS),
        note=lambda ours, _: (
            f"{ours.iterations} passes, relative gap {ours.relative_gap:.0e};"
            f" features {(n + m) * DIMENSIONS * 4 / 2**20:.0f} MiB"
        ),
    )


def remark(table: pd.DataFrame) -> str:
    """What the largest row says about the paper's own size."""
    row = table[table["peer"].fillna("").eq("") & table["ours_mib"].notna()].iloc[-1]
    n, m = map(int, row["size"].split(" x "))
    larger = PAPER[0] * PAPER[1] / (n * m)
    held = PAPER[0] / n * row["ours_mib"] + sum(PAPER) * DIMENSIONS * 4 / 2**20
    return (
        f"Extrapolated to {PAPER[0]:,} x {PAPER[1]:,} from {row['size']}, time by pairs and memory by images: "
        f"{larger * row['ours_s'] / 60:.1f} min on {row['threads']:.0f} thread, {held / 1024:.2f} GiB with "
        "the features."
    )


def beside_dense(n: int, m: int) -> Pair:
    """Compared with our solver with the cost in memory, double precision."""
    source, target = features(n, seed=0), features(m, seed=1)
    return Pair(
        lambda: unbalanced_ot_from_features(source, target, **OPTIONS).row_mass,
        lambda: unbalanced_ot(cosine_cost(source, target), **OPTIONS).row_mass,
    )


def beside_pot(n: int, m: int) -> Pair:
    """Compared with POT with the cost in memory."""
    import ot

    source, target, ones = features(n, seed=0), features(m, seed=1), (np.ones(n), np.ones(m))
    taus = OPTIONS["tau_source"], OPTIONS["tau_target"]
    solver = partial(ot.unbalanced.sinkhorn_unbalanced, reg_type="entropy", numItermax=3000, stopThr=1e-9)
    return Pair(
        lambda: unbalanced_ot_from_features(source, target, **OPTIONS),
        lambda: quiet(solver, *ones, cosine_cost(source, target), OPTIONS["epsilon"], taus),
        lambda ours, plan: row_error(plan, ours.row_mass),
    )
