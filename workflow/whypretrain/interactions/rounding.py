"""The gate before reduced precision: it is used only where it moves no effect that counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from whypretrain.interactions.scoring import Model, Precision, score_coalitions
from whypretrain.interactions.transforms import moebius


def safe_for_effects(
    models: Mapping[str, Model], *, dtype: Precision, threshold: float = 0.05, **inputs: Any
) -> Precision:
    """`dtype` where it is safe for every model on these inputs (about 8 samples), else "float32".

    Safe means that no effect moves by a tenth of the salience threshold: rounding noise of the scores grows by
    2^(order / 2) in the effects, so bfloat16 invents salient effects of high order on some networks.
    `inputs` are the other arguments of `score_coalitions`, with all coalitions.
    """
    if dtype == "float32":
        return dtype
    exact, rounded = (moebius(score_coalitions(models, dtype=each, **inputs))[..., 1:] for each in ("float32", dtype))
    limit = threshold * np.abs(exact).max(axis=(1, 2)) / 10
    return dtype if (np.abs(exact - rounded).max(axis=(1, 2)) < limit).all() else "float32"
