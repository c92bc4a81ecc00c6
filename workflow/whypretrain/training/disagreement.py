"""Images on which two classifiers disagree: how far apart what they predict is, next to chance."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import jensenshannon

from whypretrain.errors import InputError
from whypretrain.runtime.seeds import generator

_SHIFTS = 20  # partners of every image, for the chance level


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence of two predictions, image by image: 0 for equal ones, 1 for disjoint ones, (N,).

    `H((p + q) / 2) - (H(p) + H(q)) / 2` in bits (Lin, IEEE Trans. Inf. Theory 37, 1991).

    Args:
        p, q: probabilities of the classes, (N, K), rows summing to 1.

    Raises:
        InputError: if the shapes differ.

    Example:
        >>> divergence(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
        array([1.])
    """
    if p.shape != q.shape:
        raise InputError(f"predictions of shapes {p.shape} and {q.shape} cannot be compared; give the same images")
    return np.nan_to_num(jensenshannon(p, q, base=2, axis=1) ** 2)  # equal rows: NaN by rounding


def chance_divergence(p: np.ndarray, q: np.ndarray, *, seed: int) -> np.ndarray:
    """Mean divergence of p of each image from q of other images, up to 20 of them, (N,); NaN for one image alone.

    This is what remains of a divergence if the two predictions have nothing to do with the same image.
    """
    count = len(p)
    if count < 2:
        return np.full(count, np.nan)
    order = generator(seed, "disagreement").permutation(count)
    shifts = np.linspace(1, count - 1, min(_SHIFTS, count - 1)).astype(int)
    found = np.zeros(count)
    for shift in shifts:
        found[order] += divergence(p[order], q[np.roll(order, shift)])
    return found / len(shifts)
