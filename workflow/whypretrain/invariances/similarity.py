"""STIR, similarity of representations through identically represented inputs (Nanda et al. 2022, arXiv:2206.11939)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from whypretrain.invariances.cka import linear_cka
from whypretrain.invariances.inversion import Layer, invert


def stir(
    tested: Layer, reference: Layer, images: torch.Tensor | np.ndarray, *, unbiased: bool = False, **inversion: Any
) -> float:
    """STIR(tested | reference): how far `tested` shares the invariances of `reference`.

    CKA(tested(X), tested(X')) with X' inputs that `reference` represents identically to X: 1 if every change
    of the input that `reference` ignores is ignored by `tested` too. Not symmetric. One repetition; average
    over seeds (arXiv:2307.06006, eq. 1).

    Args:
        tested: maps images (b, ...) to features (b, d).
        reference: the callable that is inverted; likewise.
        images: (n, ...) floats in [0, 1].
        unbiased: use the unbiased estimate of CKA.
        inversion: steps, step_size, seed and what else `invert` takes.

    Raises:
        InputError: as `invert` and `linear_cka`.
    """
    images = torch.as_tensor(images)
    made = invert(reference, images, name="the reference", **inversion)
    with torch.no_grad():
        return linear_cka(tested(images), tested(made.images), unbiased=unbiased)
