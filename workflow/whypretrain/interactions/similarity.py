"""How alike two sets of interactions are, and how directly a training run approaches its final ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.transforms import orders, players_of


def interaction_similarity(a: np.ndarray, b: np.ndarray, *, among: np.ndarray | None = None) -> np.ndarray:
    """Weighted Jaccard similarity of effects split by sign, in [0, 1]: sum of min over sum of max.

    With the parts max(I, 0) and -min(I, 0), an effect that changes sign shares nothing. The empty set never
    counts.

    Args:
        a, b: effects, (..., 2^n), leading axes broadcast.
        among: Boolean (2^n,), the coalitions to compare, default all (see `order_groups`).

    Returns:
        (...,); NaN where both have no effect at all.

    Source: arXiv 2409.08712's predecessor on the difficulty of concepts (NeurIPS 2023), Section 3.2.3.

    >>> interaction_similarity(np.array([0.0, 1.0, -1.0, 2.0]), np.array([0.0, 2.0, -2.0, 4.0]))
    array(0.5)
    """
    if a.shape[-1] != b.shape[-1]:
        raise InputError(f"effects of {a.shape[-1]} and {b.shape[-1]} coalitions: use the same players for both")
    chosen = np.arange(a.shape[-1]) > 0
    if among is not None:
        chosen &= among
    a, b = a[..., chosen], b[..., chosen]
    agree = a * b > 0
    small = np.where(agree, np.minimum(np.abs(a), np.abs(b)), 0.0).sum(axis=-1)
    large = np.where(agree, np.maximum(np.abs(a), np.abs(b)), np.abs(a) + np.abs(b)).sum(axis=-1)
    return np.divide(small, large, out=np.full(np.shape(large), np.nan), where=large > 0)


def order_groups(n: int) -> Mapping[str, np.ndarray]:
    """Coalitions of all, low (up to n/3), mid and high (above 2n/3) order, each Boolean (2^n,), no empty set."""
    order = orders(n)
    low, high = (order >= 1) & (3 * order <= n), 3 * order > 2 * n
    return {"all": order >= 1, "low": low, "mid": (order >= 1) & ~low & ~high, "high": high}


def detour(similarity: np.ndarray) -> np.ndarray:
    """Sum of all falls of similarity from step to step, (..., steps) -> (...): 0 for a direct approach."""
    return np.maximum(0.0, -np.diff(similarity, axis=-1)).sum(axis=-1)


def area_under_curve(similarity: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Mean similarity over the training steps, by trapezoids, (..., steps) -> (...), in [0, 1].

    Raises:
        InputError: if there are fewer than two steps or they do not increase.
    """
    steps = np.asarray(steps, dtype=np.float64)
    if len(steps) < 2 or (np.diff(steps) <= 0).any():
        raise InputError(f"steps {steps.tolist()}: an area needs two or more increasing steps")
    return np.trapezoid(similarity, steps, axis=-1) / (steps[-1] - steps[0])


def step_to_reach(similarity: np.ndarray, steps: np.ndarray, level: float = 0.9) -> np.ndarray:
    """First step at which the similarity reaches `level`, (..., steps) -> (...); NaN where it never does."""
    reached = similarity >= level
    return np.where(reached.any(axis=-1), np.asarray(steps, dtype=np.float64)[reached.argmax(axis=-1)], np.nan)


def strength_curve(effects: np.ndarray, points: int = 101) -> np.ndarray:
    """Sizes of all effects of all samples, sorted down, as shares of the largest, at `points` equal ranks.

    (..., S, 2^n) -> (..., points), from rank 0 (always 1) to the last; NaN where all effects are zero.
    """
    players_of(effects)
    sizes = -np.sort(-np.abs(effects[..., 1:]).reshape(*effects.shape[:-2], -1), axis=-1)
    ranks = np.linspace(0, sizes.shape[-1] - 1, points).round().astype(int)
    largest = sizes[..., :1]
    return np.divide(sizes[..., ranks], largest, out=np.full((*sizes.shape[:-1], points), np.nan), where=largest > 0)
