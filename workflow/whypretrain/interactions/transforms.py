"""Moebius and zeta transforms over coalitions: AND effects, OR effects, and the scores that they rebuild.

A game on n players is a vector of 2^n scores; bit i of the index says whether player i is present. All
functions act on the last axis, take NumPy arrays or torch tensors of any leading shape, and compute in
float64.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from whypretrain.errors import InputError

Array = Any  # numpy.ndarray or torch.Tensor: what goes in comes out


def moebius(v: Array, *, max_order: int | None = None) -> Array:
    """AND effects (Harsanyi dividends): I(S) = sum over T subset of S of (-1)^(|S|-|T|) v(T).

    Args:
        v: scores, (..., 2^n); with `max_order`, only those of `coalitions(n, max_order)`, in that order.
        max_order: the largest order wanted. Effects up to it need no larger coalition, so they are exact.

    Returns:
        float64 of v's shape: the effect of the same coalition at each index.

    Raises:
        InputError: if the last axis has no length that fits.

    Source: arXiv 2410.08455, Eq. (2).

    >>> moebius(np.array([0.0, 1.0, 2.0, 5.0]))
    array([0., 1., 2., 2.])
    """
    return _on_all_masks(v, max_order, _subtract_subsets)


def zeta(effects: Array, *, max_order: int | None = None) -> Array:
    """Scores rebuilt from AND effects, v(T) = sum over S subset of T of I(S): the inverse of `moebius`.

    >>> zeta(np.array([0.0, 1.0, 2.0, 2.0]))
    array([0., 1., 2., 5.])
    """
    return _on_all_masks(effects, max_order, _add_subsets)


def or_interactions(v: Array, *, max_order: int | None = None) -> Array:
    """OR effects: I(S) = - sum over T subset of S of (-1)^(|S|-|T|) v(N without T); I(empty) = v(empty).

    With `max_order`, v holds the scores of `coalitions(n, max_order, kind="or")`, the complements of the
    small coalitions. They do not include the empty one, so its entry is NaN then.

    Source: arXiv 2407.19198, Eq. (3); up to sign the co-Moebius transform.
    """
    if max_order is not None:
        effects = -moebius(v, max_order=max_order)
        effects[..., 0] = np.nan
        return effects
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


def coalitions(n: int, max_order: int | None = None, *, kind: str = "and") -> np.ndarray:
    """Masks to score, ascending by order-`max_order` coalition: all 2^n, or those that effects up to it need.

    For `kind="or"` these are the complements, in the order of the coalition whose complement they are.

    >>> coalitions(3, 1)
    array([0, 1, 2, 4])
    >>> coalitions(3, 1, kind="or")
    array([7, 6, 5, 3])
    """
    masks = np.arange(1 << n)
    if max_order is not None:
        masks = masks[orders(n) <= max_order]
    return ((1 << n) - 1) ^ masks if kind == "or" else masks


def players_of(array: Array) -> int:
    """Number n of players of an array with a last axis of 2^n.

    Raises:
        InputError: if the length is not a power of two.
    """
    length = array.shape[-1] if array.ndim else 0
    if length < 1 or length & (length - 1):
        raise InputError(
            f"last axis has {length} entries, not 2^n: give one score for every coalition of n players"
        )
    return length.bit_length() - 1


def by_order(values: np.ndarray) -> np.ndarray:
    """Sums over the coalitions of each order m = 1..n, at entry m-1: (..., 2^n) -> (..., n)."""
    n = players_of(values)
    members = orders(n)[:, None] == np.arange(1, n + 1)
    return values @ members.astype(np.float64)


def _on_all_masks(values: Array, max_order: int | None, transform: Any) -> Array:
    values = _float64_copy(values)
    if max_order is None:
        players_of(values)
        return transform(values)
    masks = coalitions(_players_truncated(values.shape[-1], max_order), max_order)
    full = _zeros(values, int(masks[-1]).bit_length() if max_order else 0)
    full[..., masks] = values
    return transform(full)[..., masks]


def _players_truncated(length: int, max_order: int) -> int:
    n = max_order
    while sum(comb(n, order) for order in range(max_order + 1)) < length and max_order > 0:
        n += 1
    if sum(comb(n, order) for order in range(max_order + 1)) != length:
        raise InputError(
            f"{length} scores fit no game truncated at order {max_order};"
            f" give those of coalitions(n, {max_order})"
        )
    return n


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


def _float64_copy(values: Array) -> Array:
    """A contiguous float64 copy: steps in place on reshaped views then reach it, and not the caller's array."""
    if is_tensor(values):
        return values.double().clone(memory_format=_torch().contiguous_format)
    return np.array(values, dtype=np.float64, order="C", ndmin=1)


def _zeros(like: Array, n: int) -> Array:
    shape = (*like.shape[:-1], 1 << n)
    return like.new_zeros(shape) if is_tensor(like) else np.zeros(shape)


def _torch() -> Any:
    import torch

    return torch
