"""Games with known Walsh-Hadamard coefficients: independent of the transform under test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whypretrain.interactions import orders


def characters(n: int) -> np.ndarray:
    """chi_S(T) in row T and column S, (2^n, 2^n), from its definition: a product of signs."""
    present = np.arange(1 << n)[:, None] >> np.arange(n) & 1  # (2^n, n)
    signs = 2.0 * present - 1
    return np.stack([np.prod(signs[:, subset == 1], axis=1) for subset in present], axis=1)


def from_coefficients(w: np.ndarray) -> np.ndarray:
    """Scores of coefficients, (..., 2^n) -> (..., 2^n), one player after the other: present adds, absent subtracts."""
    v = np.array(w, dtype=np.float64)
    for player in range(v.shape[-1].bit_length() - 1):
        pairs = v.reshape(*v.shape[:-1], -1, 2, 1 << player)
        without, with_ = pairs[..., 0, :].copy(), pairs[..., 1, :].copy()
        pairs[..., 0, :], pairs[..., 1, :] = without - with_, without + with_
    return v


def related(
    random: np.random.Generator, shape: Sequence[int], n: int, agreement: Sequence[float], variance: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of two random models, (*shape, 2^n), with an expected agreement and variance by degree."""
    order = orders(n)
    size, shared = np.zeros(n + 1), np.zeros(n + 1)
    counts = np.bincount(order)
    size[1 : len(variance) + 1] = np.sqrt(np.array(variance) / counts[1 : len(variance) + 1])
    shared[1 : len(agreement) + 1] = agreement
    x, y = random.normal(size=(2, *shape, 1 << n))
    a = x * size[order]
    b = (shared[order] * x + np.sqrt(1 - shared[order] ** 2) * y) * size[order]
    return a, b
