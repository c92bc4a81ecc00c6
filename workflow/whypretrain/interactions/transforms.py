"""Moebius and zeta transforms over coalitions: AND effects, OR effects, and the scores that they rebuild.

A game on n players is a vector of 2^n scores; bit i of the index says whether player i is present. All
functions act on the last axis, take NumPy arrays or torch tensors of any leading shape, and compute in
float64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from whypretrain.errors import InputError

Array = Any  # numpy.ndarray or torch.Tensor: what goes in comes out


def moebius(v: Array) -> Array:
    """AND effects (Harsanyi dividends): I(S) = sum over T subset of S of (-1)^(|S|-|T|) v(T).

    Args:
        v: scores, (..., 2^n).

    Returns:
        float64 of v's shape: the effect of the same coalition at each index.

    Raises:
        InputError: if the last axis is not of length 2^n.

    Source: arXiv 2410.08455, Eq. (2).

    >>> moebius(np.array([0.0, 1.0, 2.0, 5.0]))
    array([0., 1., 2., 2.])
    """
    return _subtract_subsets(_games(v))


def zeta(effects: Array) -> Array:
    """Scores rebuilt from AND effects, v(T) = sum over S subset of T of I(S): the inverse of `moebius`.

    >>> zeta(np.array([0.0, 1.0, 2.0, 2.0]))
    array([0., 1., 2., 5.])
    """
    return _add_subsets(_games(effects))


def or_interactions(v: Array) -> Array:
    """OR effects: I(S) = - sum over T subset of S of (-1)^(|S|-|T|) v(N without T); I(empty) = v(empty).

    Source: arXiv 2407.19198, Eq. (3); up to sign the co-Moebius transform.
    """
    v = _float64_copy(v)
    effects = -_subtract_subsets(_reversed(v))
    effects[..., 0] = v[..., 0]
    return effects


def or_reconstruct(effects: Array) -> Array:
    """Scores rebuilt from OR effects: v(T) = I(empty) + sum of I(S) over all S that meet T."""
    effects = _float64_copy(effects)
    empty = effects[..., :1] + 0.0
    effects[..., 0] = 0.0
    inside = _add_subsets(effects)
    return empty + inside[..., -1:] - _reversed(inside)


@lru_cache(maxsize=32)
def orders(n: int) -> np.ndarray:
    """Order |S| of each of the 2^n coalitions, int64, read-only.

    >>> orders(2)
    array([0, 1, 1, 2])
    """
    found = np.bitwise_count(np.arange(1 << n, dtype=np.uint64)).astype(np.int64)
    found.flags.writeable = False
    return found


def players_of(array: Array) -> int:
    """Number n of players of an array with a last axis of 2^n.

    Raises:
        InputError: if the length is not a power of two.
    """
    length = array.shape[-1] if array.ndim else 0
    if length < 1 or length & (length - 1):
        raise InputError(f"last axis has {length} entries, not 2^n: give one score for every coalition of n players")
    return length.bit_length() - 1


def by_order(values: np.ndarray) -> np.ndarray:
    """Sums over the coalitions of each order m = 1..n, at entry m-1: (..., 2^n) -> (..., n)."""
    n = players_of(values)
    members = orders(n)[:, None] == np.arange(1, n + 1)
    return values @ members.astype(np.float64)


def _subtract_subsets(values: Array) -> Array:
    for player in range(players_of(values)):
        pairs = _with_and_without(values, player)
        pairs[..., 1, :] -= pairs[..., 0, :]
    return values


def _add_subsets(values: Array) -> Array:
    for player in range(players_of(values)):
        pairs = _with_and_without(values, player)
        pairs[..., 1, :] += pairs[..., 0, :]
    return values


def _with_and_without(values: Array, player: int) -> Array:
    """A view (..., 2^(n-1-player), 2, 2^player) whose axis of two is a coalition without and with the player."""
    return values.reshape(*values.shape[:-1], values.shape[-1] >> (player + 1), 2, 1 << player)


def _reversed(values: Array) -> Array:
    """A contiguous copy in which every coalition holds what its complement held."""
    return values.flip(-1) if is_tensor(values) else np.ascontiguousarray(values[..., ::-1])


def is_tensor(values: Array) -> bool:
    """Whether the array is torch's, found out without importing torch."""
    return type(values).__module__.partition(".")[0] == "torch"


def _games(values: Array) -> Array:
    values = _float64_copy(values)
    players_of(values)
    return values


def _float64_copy(values: Array) -> Array:
    """A contiguous float64 copy: steps in place on reshaped views then reach it, and not the caller's array."""
    if is_tensor(values):
        return values.double().clone(memory_format=_torch().contiguous_format)
    return np.array(values, dtype=np.float64, order="C", ndmin=1)


def _torch() -> Any:
    import torch

    return torch
