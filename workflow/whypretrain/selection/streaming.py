"""Unbalanced transport between sets of features that are too large for their cost matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from whypretrain.selection._checks import check_dimensions, check_features, check_one_of, check_positive
from whypretrain.selection._cosine import CosineKernel, Precision
from whypretrain.selection._problem import SOURCE, TARGET, Problem, Reference, problem
from whypretrain.selection.transport import Transport

_BLOCK = 1 << 20  # entries of a block where no size is given: four megabytes in single precision


def unbalanced_ot_from_features(
    source: np.ndarray,
    target: np.ndarray,
    source_mass: np.ndarray | None = None,
    target_mass: np.ndarray | None = None,
    *,
    epsilon: float,
    tau_source: float,
    tau_target: float,
    reference: Reference = "ones",
    tolerance: float = 1e-5,
    max_iterations: int = 1000,
    block_size: int | None = None,
    precision: Precision = "single",
) -> Transport:
    """`unbalanced_ot` for the cosine cost of feature rows, in memory O(n + m + block) on top of the features.

    Args:
        source: (n, d), any real type; a memory map will do.
        target: (m, d).
        source_mass, target_mass, tau_source, tau_target, reference: as in `unbalanced_ot`.
        epsilon: entropic smoothing, > 0, in units of the cost 1 - cosine.
        tolerance: the relative gap and the residual below which a solution is returned; single precision
            reaches 1e-6 or so.
        max_iterations: passes over the data after which the solver gives up, with an error.
        block_size: rows of the longer side in a block; about four megabytes' worth where not given.
        precision: of the blocks; potentials and sums over blocks are always double.

    Raises:
        InputError: for broken input, and where the certificate is not reached.
    """
    source, target = check_features(source, "source"), check_features(target, "target")
    check_dimensions(source, target)
    check_one_of("precision", precision, ("single", "double"))
    check_positive(block_size=block_size or 1)
    checked = problem(
        (len(source), len(target)),
        (source_mass, target_mass),
        (tau_source, tau_target),
        epsilon=epsilon,
        reference=reference,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    return Transport(**_solved(checked, (source, target), block_size, precision))


def _solved(
    checked: Problem, features: tuple[np.ndarray, np.ndarray], block_size: int | None, precision: Precision
) -> dict[str, Any]:
    """The fields of a `Transport`; the longer side is eliminated, in blocks."""
    eliminated = SOURCE if len(features[SOURCE]) >= len(features[TARGET]) else TARGET
    kept = 1 - eliminated
    rows, columns = (_supported(features[side], checked.support(side)) for side in (eliminated, kept))
    logs = checked.log_reference(eliminated), checked.log_reference(kept)
    size = block_size or max(1, _BLOCK // len(columns))
    return checked.solve(
        lambda level: CosineKernel(rows, columns, level, logs, block_size=size, precision=precision),
        eliminated,
        cost_mean=1.0,
        cost_spread=1.0,
    )


def _supported(features: np.ndarray, support: np.ndarray) -> np.ndarray:
    return features if support.all() else features[support]
