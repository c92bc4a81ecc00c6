"""Chance level of agreement by degree: what a model's function on one sample has of another's on other samples."""

from __future__ import annotations

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.agreement import (
    Agreement,
    coefficients,
    correlation,
    inner,
    jackknife,
    pooled,
    require_scores,
    split_off_all,
)
from whypretrain.interactions.pairs import all_pairs
from whypretrain.interactions.sampled import checked, estimated
from whypretrain.interactions.transforms import Array


def agreement_elsewhere(a: Array, b: Array, *, confidence: float = 0.95) -> Agreement:
    """What b's function on one sample has of a's on another: the chance level of `agreement(a, b)`.

    agreement_m = sum over x != y and |S| = m of a_S(x) b_S(y) / ((samples - 1) sqrt(sum a_S^2 * sum b_S^2)), the mean
    over all ways to give every sample another one's partner, from the sums over samples alone. The interval is as
    that of `agreement`; with two samples there is none.

    Args:
        a, b: as in `agreement`, of two samples or more.
        confidence: of the interval, between 0 and 1.

    Raises:
        InputError: as `agreement`; if there is one sample.
    """
    require_scores(first=a, second=b)
    x, y = coefficients(a), coefficients(b)
    if (samples := x.shape[-2]) < 2:
        raise InputError("agreement with other samples takes at least two samples; score more")
    same, aa, bb = np.broadcast_arrays(inner(x, y), inner(x, x), inner(y, y))
    totals = [part.sum(axis=-2, keepdims=True) for part in (same, aa, bb)]
    sums = [part.sum(axis=-2, keepdims=True) for part in (x, y)]
    value = correlation((inner(*sums) - totals[0]) / (samples - 1), *totals[1:])[..., 0, :]
    left = inner(sums[0] - x, sums[1] - y) - (totals[0] - same)
    without = correlation(left / max(samples - 2, 1), totals[1] - aa, totals[2] - bb)
    low, high = jackknife(value, without if samples > 2 else without * np.nan, confidence)
    return split_off_all(value, low, high, ((aa == 0) | (bb == 0)).sum(axis=-2))


def agreement_elsewhere_sampled(
    a: np.ndarray, b: np.ndarray, masks: np.ndarray, *, max_degree: int = 3, confidence: float = 0.95
) -> Agreement:
    """`agreement_elsewhere` of two models, estimated from random coalitions that all samples share.

    Covariances are linear in each model's scores, so that those of a sample with all others are those with the
    mean of the others. The bounds take each sample's part in both places, and the error from the choice of
    coalitions of `agreement_sampled` between a and those means.

    Args:
        a, b: scores, (samples, P), two samples or more.
        masks: Boolean, (P, n).
        max_degree, confidence: as in `agreement_sampled`.

    Raises:
        InputError: as `agreement_sampled`; if there is one sample.
    """
    a, b, masks = checked(a, b, masks, max_degree)
    samples = len(a)
    if samples < 2:
        raise InputError("agreement with other samples takes at least two samples; score more")
    others = [(each.sum(axis=0) - each) / (samples - 1) for each in (a, b)]
    pairs = ((a, b), (a, others[1]), (others[0], b))
    here, forth, back = (all_pairs(x, y, masks, max_degree) for x, y in pairs)
    (_, aa, bb), (there, _, of_means) = (np.moveaxis(each.sums, -1, 0) for each in (here, forth))
    known, moved = estimated(here, True, confidence), estimated(forth, True, confidence)
    error = np.append(moved["error"], moved["all_error"]) ** 2 * of_means.sum(axis=0) / bb.sum(axis=0)
    ab = there + back.sums[..., 0] - there.mean(axis=0)
    value, low, high = pooled(ab, aa, bb, confidence, np.nan_to_num(np.maximum(error, 0.0)))
    defined = np.isfinite(np.append(known["by_degree"], known["all"]))
    value, low, high = (np.where(defined, part, np.nan) for part in (value, low, high))
    if samples == 2:
        low, high = low * np.nan, high * np.nan
    return split_off_all(value, low, high, np.append(known["n_undefined"], known["all_undefined"]))
