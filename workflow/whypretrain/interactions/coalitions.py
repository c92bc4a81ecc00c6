"""Coalitions as Booleans: which players are shown in each."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from whypretrain.errors import InputError
from whypretrain.runtime.seeds import generator


def all_coalitions(n: int) -> np.ndarray:
    """All 2^n coalitions of n players, (2^n, n): row T shows player i where bit i of T is set.

    >>> all_coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(bool)


def small_coalitions(n: int, most: int) -> np.ndarray:
    """All coalitions of at most `most` of n players, Boolean (P, n): by size, then by players.

    Raises:
        InputError: if n is not positive, or `most` not between 0 and n.

    >>> [len(small_coalitions(n, 3)) for n in (16, 20, 24)]
    [697, 1351, 2325]
    """
    if n < 1 or not 0 <= most <= n:
        raise InputError(f"coalitions of up to {most} of {n} players: give a size between 0 and the number of players")
    chosen = [players for size in range(most + 1) for players in combinations(range(n), size)]
    found = np.zeros((len(chosen), n), dtype=bool)
    for row, players in zip(found, chosen, strict=True):
        row[list(players)] = True
    return found


def random_coalitions(n: int, number: int, *, seed: object) -> np.ndarray:
    """Independent draws of coalitions of n players, (number, n), each player in with probability 1/2.

    Args:
        n: players, any number.
        number: of coalitions; equal ones may occur, as `agreement_sampled` expects.
        seed: names the draw.

    Raises:
        InputError: if n or the number is not positive.
    """
    if n < 1 or number < 1:
        raise InputError(f"{number} coalitions of {n} players: give at least 1 of each")
    return generator(seed, "coalitions").integers(0, 2, size=(number, n)).astype(bool)
