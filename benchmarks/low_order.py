"""Claim: pairs of players are known from a number of scores as well as by the best estimator of shapiq, in less time.

"Differs by" is the root mean square error of the Walsh-Hadamard coefficients of two players, relative to their root
mean square. Peers: the estimators of shapiq for Banzhaf interactions, whose indices are these coefficients times 2^m,
on one game of 16 players: a small network's scores of an image of digits, all 65,536 of which are known here. Every
estimator may ask for as many scores as the row says, 5 times with other seeds; its own time is in the column "ours".

Rows "agreement" are about forwards and standard errors of `agreement_sampled`: the standard deviation over draws of so
many coalitions of each of 16 samples, and what one draw states. The models share half of their variance at each degree;
degrees 1, 2 and 3 hold 65, 20 and 8 % of it.

Last result: none yet.

    python -m benchmarks low_order
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.and_or import score_tables
from whypretrain.interactions import (
    agreement_sampled,
    coalitions_predicted,
    random_coalitions,
    small_coalitions,
    walsh,
    walsh_low_degree,
)

PLAYERS, DEGREE, SEEDS = 16, 2, 5
BUDGETS = (200, 600, 2_000, 6_000)
PEERS = {"SHAPIQ": "BII", "SVARMIQ": "BII", "RegressionFBII": "FBII"}
DRAWS, SAMPLES, FORWARDS = 8, 16, (500, 1_500)
SHARES = (0.65, 0.2, 0.08)

Estimator = Callable[[Callable[[np.ndarray], np.ndarray], int, int], np.ndarray]


def rows(results: Path | None = None, before: Path | None = None) -> Iterator[dict[str, Any]]:
    """A row for each estimator and budget, then for each number of players and forwards of the agreement."""
    table = score_tables(PLAYERS, 1)[0]
    estimators: dict[str, Estimator] = {"": ours}
    if find_spec("shapiq"):
        estimators |= {name: partial(shapiq, name) for name in PEERS}
    for budget, name in product(BUDGETS, estimators):
        found = compared(estimators[name], table, budget)
        yield {"size": f"{budget} scores", "x": budget, "peer": name, "verdict": "", **found}
    for players, forwards in product((64, 196), FORWARDS):
        found = agreement_error(players, forwards)
        yield {"size": f"agreement, {players} players, {forwards} scores", "verdict": "", **found}


def compared(estimator: Estimator, table: np.ndarray, budget: int) -> dict[str, Any]:
    """Seconds of an estimator, and its error of the coefficients of `DEGREE` players."""
    places = 1 << np.arange(PLAYERS)
    pairs = small_coalitions(PLAYERS, DEGREE)
    exact = walsh(table)[pairs @ places][pairs.sum(axis=1) == DEGREE]

    def game(masks: np.ndarray) -> np.ndarray:
        return table[masks @ places].astype(np.float64)

    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.array([estimator(game, budget, seed) for seed in range(SEEDS)])
    seconds = (time.perf_counter() - begin) / SEEDS
    return {"ours_s": seconds, "difference": float(np.sqrt(((found - exact) ** 2).mean() / (exact**2).mean()))}


def ours(game: Callable[[np.ndarray], np.ndarray], budget: int, seed: int) -> np.ndarray:
    """Coefficients of `DEGREE` players by `walsh_low_degree`."""
    masks = random_coalitions(PLAYERS, budget, seed=seed)
    found = walsh_low_degree(game(masks), masks, max_degree=DEGREE)
    return found.values[found.coalitions.sum(axis=1) == DEGREE]


def shapiq(name: str, game: Callable[[np.ndarray], np.ndarray], budget: int, seed: int) -> np.ndarray:
    """Coefficients of `DEGREE` players by an estimator of shapiq."""
    from shapiq import approximator

    peer = getattr(approximator, name)(n=PLAYERS, max_order=DEGREE, index=PEERS[name], random_state=seed)
    found = peer.approximate(budget, lambda masks: game(np.asarray(masks, dtype=bool)))
    pairs = [tuple(np.flatnonzero(mask)) for mask in small_coalitions(PLAYERS, DEGREE) if mask.sum() == DEGREE]
    return np.array([found[pair] for pair in pairs]) / 2**DEGREE


def agreement_error(players: int, forwards: int) -> dict[str, Any]:
    """How far estimates of the agreement spread over draws, and the error that they state, by degree."""
    first = [game(players, seed) for seed in range(SAMPLES)]
    second = [game(players, SAMPLES + seed) for seed in range(SAMPLES)]
    begin, found = time.perf_counter(), []
    for draw in range(DRAWS):
        masks = np.stack([random_coalitions(players, forwards, seed=(draw, sample)) for sample in range(SAMPLES)])
        a = np.stack([one(each) for one, each in zip(first, masks, strict=True)])
        b = np.stack([other(each) for other, each in zip(second, masks, strict=True)])
        found.append(agreement_sampled(a, a + b, masks))
    spread = np.std([each.by_degree for each in found], axis=0, ddof=1)
    stated = np.mean([each.error for each in found], axis=0)
    degrees = [f"degree {m} {s:.3f} (stated {e:.3f})" for m, (s, e) in enumerate(zip(spread, stated, strict=True), 1)]
    needed = found[0].coalitions_needed(0.02), coalitions_predicted(players, SHARES, samples=SAMPLES)
    for name, numbers in zip(("by one draw", "predicted"), needed, strict=True):
        degrees.append(f"0.02 takes {' / '.join(f'{number:,.0f}' for number in numbers)} {name}")
    return {"ours_s": (time.perf_counter() - begin) / DRAWS, "note": "; ".join(degrees)}


def game(players: int, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """A game with `SHARES` of its variance in single players, pairs and triples, and the rest in sets of six."""
    random = np.random.default_rng(seed)
    sets = [random.random((200, players)).argsort(axis=1)[:, :size] for size in (1, 2, 3, 6)]
    weights = [random.normal(size=200) * np.sqrt(share / 200) for share in (*SHARES, 1 - sum(SHARES))]

    def scores(masks: np.ndarray) -> np.ndarray:
        signs = np.where(masks, 1.0, -1.0)
        return np.sum(
            [signs[:, chosen].prod(axis=-1) @ weight for chosen, weight in zip(sets, weights, strict=True)], 0
        )

    return scores


def remark(table: pd.DataFrame) -> str:
    """The curves: errors at each budget, and those of the agreement."""
    curves = table[table["x"].notna()].fillna({"peer": ""}).pivot(index="peer", columns="x", values="difference")
    budgets = ", ".join(f"{int(each):,}" for each in curves.columns)
    lines = [f"Relative error of pairs from {budgets} scores:"]
    lines += [f"- {name or 'ours'}: {', '.join(f'{each:.2g}' for each in row)}" for name, row in curves.iterrows()]
    lines += ["", "Standard deviation of the agreement over draws:"]
    lines += [
        f"- {row['size'].removeprefix('agreement, ')}: {row['note']}" for _, row in table[table["x"].isna()].iterrows()
    ]
    return "\n".join(lines)
