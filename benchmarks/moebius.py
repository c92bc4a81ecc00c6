"""Claim: AND effects of a game of 12 players or more take at most a thousandth of the time that shapiq takes.

Peers: `ExactComputer(game, n)("Moebius")` of shapiq on a game whose values are at hand; and the way of the
code published with arXiv 2305.01939, a product with the dense matrix of all signs (4^n float32 numbers, made
once and not counted here; at 16 players it takes 17 GB).

Last result (2026-11-21, commit deff2bd, AMD EPYC, 2 cores, one thread): the peer's time over ours
    12 players, exact transform: 4327 (3943–4473)
    14 players, exact transform: 13291 (12519–14722)
    16 players, exact transform: 31703 (30838–35179)
    12 players, dense matrix: 58.5 (58.3–60.8)
    14 players, dense matrix: 291 (280–312)

    python -m benchmarks moebius [--quick]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks._case import Case, Pair, relative
from whypretrain.interactions import moebius, orders


def cases(quick: bool) -> Iterator[Case]:
    """Both peers at every size, and our time alone at 20 players."""
    for n in (6,) if quick else (10, 12, 14, 16):
        yield Case(
            f"{n} players",
            partial(against_shapiq, n),
            "exact transform",
            aim=1000 if n >= 12 else None,
            package="shapiq",
            needs="shapiq",
            threads=(1, 2) if n < 14 else (1,),
            memory=n < 16,
        )
    for n in (6,) if quick else (10, 12, 14):
        yield Case(
            f"{n} players",
            partial(against_matrix, n),
            "dense matrix",
            aim=1000 if n >= 12 else None,
            package="torch",
            tolerance=1e-4,
            memory=True,
            why="once made, the matrix is 4^n multiplications for our n 2^(n-1) subtractions, at the speed of memory",
        )
    n = 8 if quick else 20
    yield Case(f"{n} players", partial(alone, n), limit=1.0)


def game(n: int) -> np.ndarray:
    """Scores of all coalitions."""
    return np.random.default_rng(n).normal(size=1 << n)


def alone(n: int) -> Pair:
    """Our transform of one game."""
    return Pair(partial(moebius, game(n)))


def against_shapiq(n: int) -> Pair:
    """Compared with shapiq, which asks for the scores of coalitions as it needs them."""
    import shapiq

    v, place = game(n), 1 << np.arange(n)
    peer = shapiq.ExactComputer
    return Pair(
        partial(moebius, v),
        lambda: peer(lambda shown: v[shown @ place], n_players=n)("Moebius"),
        lambda ours, theirs: relative(effects_of(theirs, n), ours),
    )


def against_matrix(n: int) -> Pair:
    """Compared with a product with the matrix of (-1)^(|S| - |T|) over T within S."""
    import torch

    v, masks = game(n), np.arange(1 << n)
    signs = (1 - 2 * (orders(n) % 2)).astype(np.int8)
    within = np.stack([(masks & ~mask) == 0 for mask in masks])
    matrix = torch.from_numpy(within * (signs[:, None] * signs)).float()
    scores = torch.from_numpy(v).float()
    return Pair(partial(moebius, v), lambda: matrix @ scores)


def effects_of(values: Any, n: int) -> np.ndarray:
    """AND effects (2^n,) from the interaction values of shapiq; what they leave out is zero."""
    effects = np.zeros(1 << n)
    for members, value in values.dict_values.items():
        effects[sum(1 << player for player in members)] = value
    return effects
