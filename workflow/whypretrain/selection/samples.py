"""Choosing single source images for a target: row masses from the features of all images, without labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from whypretrain.errors import InputError
from whypretrain.selection._checks import check_positive, check_weights
from whypretrain.selection._newton import Certificate
from whypretrain.selection.clusters import Clusters
from whypretrain.selection.ranking import Ranking, checked_k, rank_classes, rank_scores
from whypretrain.selection.rules import Scores, Settings
from whypretrain.selection.streaming import Precision, unbalanced_ot_from_features


def rank_samples(
    source: np.ndarray,
    target: np.ndarray,
    *,
    k: int | None = None,
    temperature: float = 0.1,
    tau_source: float = 1.0,
    tau_target: float = 100.0,
    tolerance: float = 1e-5,
    block_size: int | None = None,
    precision: Precision = "single",
) -> Ranking:
    """Rank source images by their row mass: `rank_classes` with rule `uot`, without the cost matrix.

    Args:
        source: features of the source images, (n, d); a memory map will do.
        target: features of the target images or classes, (m, d).
        k: how many images are to be chosen; 100, or all where there are fewer.
        temperature: in units of the cosine cost.
        tau_source: weight of the source marginal, in units of the temperature.
        tau_target: weight of the target marginal, in units of the temperature.
        tolerance: see `unbalanced_ot_from_features`, as the two that follow.
        block_size: rows of the longer side in a block.
        precision: of the blocks.

    Raises:
        InputError: for broken features (naming the row), bad settings, or k above n.

    >>> rank_samples(np.eye(3), np.eye(3)[2:], k=1).selected
    array([2])
    """
    check_positive(temperature=temperature)
    check_weights(tau_source=tau_source, tau_target=tau_target)
    settings = Settings(temperature, tau_source, tau_target, checked_k(k, len(source)), seed=0)
    found = unbalanced_ot_from_features(
        source,
        target,
        epsilon=temperature,
        tau_source=tau_source * temperature,
        tau_target=tau_target * temperature,
        tolerance=tolerance,
        block_size=block_size,
        precision=precision,
    )
    certificate = Certificate(found.iterations, found.relative_gap, found.residual)
    return rank_scores(Scores(found.row_mass, mass=True, certificate=certificate), "uot", settings)


def rank_samples_in_stages(
    source: np.ndarray,
    target: np.ndarray,
    clusters: Clusters,
    *,
    k: int | None = None,
    candidates: int | None = None,
    **options: Any,
) -> Ranking:
    """Rank classes or clusters of source images first, then the images of the best ones alone, by `rank_samples`.

    One pass over the candidates in place of all images; the images of other clusters have score 0 and come last. What
    this loses is the row mass of good images in bad clusters: compare it with `rank_samples` on a part of the source.

    Args:
        source, target: as in `rank_samples`.
        clusters: of the source, by `cluster_features`; classes, by `grouped`.
        k: how many images are to be chosen; 100, or all where there are fewer.
        candidates: images of the best clusters that are ranked singly, at least; 20 k where not given.
        options: of `rank_samples`; temperature, tau_source and tau_target hold for both stages.

    Raises:
        InputError: as `rank_samples`, if the clusters are of other rows, or if there are fewer candidates than k.

    >>> from whypretrain.selection import grouped
    >>> source = np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0], [0.1, 1.0]])
    >>> clusters = grouped(np.array([0, 0, 1, 1]), source)
    >>> rank_samples_in_stages(source, np.array([[0.0, 1.0]]), clusters, k=1, candidates=2).order
    array([2, 3, 0, 1])
    """
    k = checked_k(k, len(source))
    candidates = 20 * k if candidates is None else candidates
    if len(clusters.labels) != len(source):
        raise InputError(f"clusters are of {len(clusters.labels)} rows, the source has {len(source)}: cluster it again")
    if candidates < k:
        raise InputError(f"{candidates} candidates for k = {k}: give at least k")
    settings = {name: options[name] for name in ("temperature", "tau_source", "tau_target") if name in options}
    order = rank_classes(clusters.means, target, k=1, **settings).order
    reached = np.cumsum(clusters.counts[order])
    chosen = order[: int(np.searchsorted(reached, candidates)) + 1]
    rows = np.flatnonzero(np.isin(clusters.labels, chosen))
    found = rank_samples(source[rows], target, k=k, **options)
    score = np.zeros(len(source))
    score[rows] = found.score
    rest = np.setdiff1d(np.arange(len(source)), rows, assume_unique=True)
    return replace(found, order=np.concatenate([rows[found.order], rest]), score=score)
