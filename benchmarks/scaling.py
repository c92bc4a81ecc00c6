"""Claim: cost grows no faster than the work: linearly in games, images, source images and seeds; as n 2^n in
players; as the square of the number of blocks (each is inverted, and a step runs half of them on average).

No peer: every curve is our time alone on one thread; its exponent is the slope of a straight line through the
logarithms.

Last result: none yet.

    python -m benchmarks scaling [--quick] [--results results/default]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import coalition_scores, stir, streaming_selection
from benchmarks._case import Case, Pair
from whypretrain import models
from whypretrain.interactions import grid_players, moebius, score_coalitions
from whypretrain.selection import rank_classes, unbalanced_ot_from_features

Curve = tuple[Callable[[int], Pair], tuple[int, ...]]


def cases(quick: bool) -> Iterator[Case]:
    """A case for every point of every curve."""
    for name, (build, sizes) in CURVES.items():
        for x in sizes[:1] if quick else sizes:
            yield Case(f"{name}: {x}", partial(build, x), threads=(1,), curve=name, x=x)


def rows(results: Path, before: Path | None = None) -> Iterator[dict[str, Any]]:
    """Core-seconds of a finished experiment against its number of training seeds, from its jobs' benchmark files."""
    seconds: dict[int, float] = {}
    shared = 0.0
    for path in (results / "benchmarks").rglob("*.tsv"):
        taken = float(path.read_text().splitlines()[1].split("\t")[0])
        seed = re.search(r"-(\d+)(-|$)", path.stem)
        if seed:
            seconds[int(seed[1])] = seconds.get(int(seed[1]), 0.0) + taken
        else:
            shared += taken
    for number, total in enumerate(np.cumsum([seconds[seed] for seed in sorted(seconds)]), start=1):
        size = f"experiment, seeds: {number}"
        yield {"size": size, "curve": "experiment, seeds", "x": number, "ours_s": float(total + shared)}


def games(number: int) -> Pair:
    """AND effects of games of 12 players."""
    return Pair(partial(moebius, np.random.default_rng(0).normal(size=(number, 1 << 12))))


def coalitions(number: int) -> Pair:
    """AND effects of one game of so many coalitions."""
    return Pair(partial(moebius, np.random.default_rng(0).normal(size=number)))


def scored(images: int, n: int) -> Pair:
    """Scores of all coalitions by the default ViT."""
    model = models.build(coalition_scores.ARCHITECTURES["ViT"], ["a", "b"], seed=0).eval()
    batch = torch.rand(images, 1, 16, 16, generator=torch.Generator().manual_seed(0)).to(models.device())
    return Pair(partial(score_coalitions, [model], batch, [0] * images, grid_players(4, n, 16, image="0")))


def blocks(depth: int) -> Pair:
    """The STIR matrix of two ViTs."""
    images = torch.rand(stir.IMAGES, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    return Pair(partial(stir.ours, stir.pair(depth), images.to(models.device()), 2))


def classes(number: int) -> Pair:
    """Source classes ranked for 50 target classes."""
    draw = np.random.default_rng(0)
    source, target = draw.normal(size=(number, 512)), draw.normal(size=(50, 512))
    return Pair(partial(rank_classes, source, target))


def samples(number: int) -> Pair:
    """Source images ranked for 200 target images."""
    source, target = streaming_selection.features(number, 0), streaming_selection.features(200, 1)
    return Pair(partial(unbalanced_ot_from_features, source, target, **streaming_selection.OPTIONS))


CURVES: dict[str, Curve] = {
    "Moebius, games": (games, (16, 64, 256, 1024)),
    "Moebius, coalitions": (coalitions, (1 << 14, 1 << 16, 1 << 18, 1 << 20)),
    "scores, images": (lambda images: scored(images, 8), (1, 2, 4, 8)),
    "scores, coalitions": (lambda masks: scored(1, masks.bit_length() - 1), (256, 512, 1024, 2048)),
    "STIR matrix, blocks": (blocks, (2, 4, 6, 8)),
    "class selection, classes": (classes, (500, 1000, 2000, 4000)),
    "sample selection, images": (samples, (5_000, 10_000, 20_000, 40_000)),
}
