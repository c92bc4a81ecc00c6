"""Which effects count: normalise each model, then keep what is larger than a share of its largest effect."""

from __future__ import annotations

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.transforms import players_of

SMALLEST_NORMALISER = 1e-6


def normaliser(effects: np.ndarray) -> np.ndarray:
    """Mean over samples of |v(N) - v(empty)|, (..., S, 2^n) -> (...); NaN where it is below 1e-6.

    By efficiency v(N) - v(empty) is the sum of all effects but that of the empty set.
    Source: arXiv 2409.08712, footnote 8.
    """
    found = np.abs(effects[..., 1:].sum(axis=-1)).mean(axis=-1)
    return np.where(found < SMALLEST_NORMALISER, np.nan, found)


def salient(effects: np.ndarray, *, threshold: float = 0.05, normalise: bool = True) -> np.ndarray:
    """Effects with those that are not salient, and the empty set's, set to zero.

    An effect is salient if |I(S)| > threshold * max |I(S)| over the samples and S != empty of its model.
    Thresholding comes before any comparison of models: only then do preserved and discarded knowledge add up.

    Args:
        effects: (..., S, 2^n), samples on the last axis but one.
        threshold: share of the model's largest effect, 0 to below 1.
        normalise: divide by `normaliser` first, so that a model's confidence is not taken for knowledge;
            where it is too small the result is NaN.

    Raises:
        InputError: if the threshold is outside [0, 1) or the effects have no axis of samples.

    Source: arXiv 2409.08712, footnotes 7 and 8 (the maximum over all samples as in its appendix M.4).
    """
    if not 0 <= threshold < 1:
        raise InputError(f"threshold {threshold} is outside [0, 1): give a share of the largest effect, e.g. 0.05")
    if effects.ndim < 2:
        raise InputError(f"effects have shape {effects.shape}: give (..., samples, 2^n)")
    players_of(effects)
    effects = np.array(effects, dtype=np.float64)
    effects[..., 0] = 0.0
    size = np.abs(effects)
    kept = np.where(size > threshold * size.max(axis=(-2, -1), keepdims=True), effects, 0.0)
    return kept / normaliser(effects)[..., None, None] if normalise else kept


def require_normaliser(effects: np.ndarray, name: str) -> None:
    """Refuse effects that cannot be normalised.

    Raises:
        InputError: if v(N) - v(empty) is nearly zero on all samples of a model.
    """
    if np.isnan(normaliser(effects)).any():
        raise InputError(
            f"{name}: v(N) - v(empty) is below {SMALLEST_NORMALISER} on average, so its effects cannot be"
            " normalised: drop this model or compare raw effects with normalise=False"
        )
