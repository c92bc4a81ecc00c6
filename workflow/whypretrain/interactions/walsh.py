"""Walsh-Hadamard coefficients of scores: the game in an orthogonal basis, in which degrees do not mix.

Player i is bit i of a coalition, as in `transforms`. All functions act on the last axis, take NumPy arrays or
torch tensors of any leading shape, and compute in float64.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from whypretrain.interactions.transforms import Array, is_tensor, orders, players_of

PLAYERS_AT_ONCE = 4  # one product with a 16 x 16 matrix is faster than passes over neighbours, or many with NumPy


def walsh(v: Array) -> Array:
    """Walsh-Hadamard coefficients: w(S) = 2^-n sum over T of v(T) chi_S(T).

    chi_S(T) is the product over the players i of S of +1 if i is in T, else -1. These functions are
    orthonormal over uniformly drawn coalitions, so v(T) = sum over S of w(S) chi_S(T), and the variance of v
    over the coalitions is the sum of w(S)^2 over all S but the empty one (Parseval). In Harsanyi dividends
    w(S) = sum over L containing S of 2^-|L| I(L).

    Args:
        v: scores, (..., 2^n).

    Returns:
        float64 of v's shape: the coefficient of the same coalition at each index; the mean score at index 0.

    Raises:
        InputError: if the last axis has no length 2^n.

    Source: R. O'Donnell, Analysis of Boolean Functions (2014), Chapter 1; up to the sign of players, with
    x_i = +1 for a player that is present.

    >>> walsh(np.array([0.0, 1.0, 2.0, 7.0])).tolist()
    [2.5, 1.5, 2.0, 1.0]
    """
    n = players_of(v)
    first = min(PLAYERS_AT_ONCE, n)
    values = v.double() if is_tensor(v) else np.asarray(v, dtype=np.float64)
    values = values.reshape(-1, 1 << first) @ _like(_characters(first) * 0.5**first, values)
    if is_tensor(v):
        return _passes(values, range(first, n)).reshape(v.shape)
    for start in range(first, n, PLAYERS_AT_ONCE):
        size = min(PLAYERS_AT_ONCE, n - start)
        values = (_characters(size) * 0.5**size).T @ values.reshape(-1, 1 << size, 1 << start)
    return values.reshape(v.shape)


def _passes(values: Array, players: range) -> Array:
    """The transform of the players given, in place: mean of the scores without and with, and half the difference."""
    for player in players:
        pairs = values.view(-1, 2, 1 << player)
        without, having = pairs[:, 0], pairs[:, 1]
        without.lerp_(having, 0.5)
        having.sub_(without)
    return values


def banzhaf(v: Array) -> Array:
    """Banzhaf interaction index of every coalition: 2^|S| w(S), (..., 2^n) -> (..., 2^n).

    It is the mean over the coalitions T of the other players of the joint contribution of S,
    sum over L subset of S of (-1)^(|S|-|L|) v(T with L); at index 0 the mean score.

    Source: M. Grabisch and M. Roubens, An axiomatic approach to the concept of interaction among players in
    cooperative games (1999).

    >>> banzhaf(np.array([0.0, 1.0, 2.0, 7.0])).tolist()
    [2.5, 3.0, 4.0, 4.0]
    """
    coefficients = walsh(v)
    return coefficients * _like(2.0 ** orders(players_of(v)), coefficients)


def fourier_weight(v: Array) -> Array:
    """Variance of the scores over all coalitions by degree: V_m = sum over |S| = m of w(S)^2.

    Args:
        v: scores, (..., 2^n).

    Returns:
        (..., n), entry m-1 of degree m; the sum is the variance. Never negative.

    Source: R. O'Donnell, Analysis of Boolean Functions (2014), Section 1.4.

    >>> fourier_weight(np.array([0.0, 1.0, 2.0, 7.0])).tolist()
    [6.25, 1.0]
    """
    return sum_by_degree(walsh(v) ** 2)


def sum_by_degree(values: Array) -> Array:
    """Sums over the coalitions of each size m = 1..n, at entry m-1: (..., 2^n) -> (..., n)."""
    n = players_of(values)
    return values @ _like((orders(n)[:, None] == np.arange(1, n + 1)).astype(np.float64), values)


@lru_cache(maxsize=8)
def _characters(n: int) -> np.ndarray:
    """chi_S(T) in row T and column S, (2^n, 2^n): -1 where an odd number of S's players is absent from T."""
    masks = np.arange(1 << n)
    absent = masks & ~masks[:, None]
    return 1.0 - 2.0 * (np.bitwise_count(absent) & 1)


def _like(constant: np.ndarray, values: Array) -> Array:
    """The constant as an array of the kind and on the device of `values`."""
    return values.new_tensor(constant) if is_tensor(values) else constant
