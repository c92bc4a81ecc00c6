"""STIR, the similarity of two representations through identically represented inputs (Nanda et al. 2022,
arXiv:2206.11939)."""

from __future__ import annotations

import numpy as np
import torch

from whypretrain.invariances.cka import linear_cka
from whypretrain.invariances.inversion import Bounds, Layer, invert


def stir(
    tested: Layer,
    reference: Layer,
    images: torch.Tensor | np.ndarray,
    *,
    steps: int,
    step_size: float,
    seed: int,
    decay: bool = False,
    unbiased: bool = False,
    batch_size: int | None = None,
    bounds: Bounds = (0.0, 1.0),
    start: torch.Tensor | None = None,
) -> float:
    """STIR(tested | reference): how far `tested` shares the invariances of `reference`.

    CKA(tested(X), tested(X')) with X' inputs that `reference` represents identically to X: 1 if every change
    of the input that `reference` ignores is ignored by `tested` too. Not symmetric. One repetition; average
    over seeds (arXiv:2307.06006, eq. 1).

    Args:
        tested: maps images (b, ...) to features (b, d).
        reference: the callable that is inverted; likewise.
        images: (n, ...) floats in [0, 1].
        steps, step_size, seed, decay, batch_size, bounds, start: of the inversion, see `invert`.
        unbiased: use the unbiased estimate of CKA.

    Raises:
        InputError: as `invert` and `linear_cka`.
    """
    images = torch.as_tensor(images)
    made = invert(
        reference, images, steps=steps, step_size=step_size, seed=seed, decay=decay, batch_size=batch_size,
        bounds=bounds, start=start, name="the reference",
    )  # fmt: skip
    with torch.no_grad():
        return linear_cka(tested(images), tested(made.images), unbiased=unbiased)
