"""Choosing single source images for a target: row masses from the features of all images, without labels."""

from __future__ import annotations

import numpy as np

from whypretrain.selection._checks import check_positive, check_weights
from whypretrain.selection._newton import Certificate
from whypretrain.selection.ranking import Ranking, checked_k, rank_scores
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
