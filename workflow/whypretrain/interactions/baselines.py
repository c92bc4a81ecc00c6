"""Baseline values: what a hidden player shows instead of its content."""

from __future__ import annotations

from typing import Literal

import numpy as np

from whypretrain.errors import InputError

Baseline = Literal["mean", "zero", "dataset", "blur"]


def baseline_values(kind: Baseline, images: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Values that hide players of `images`, float32 in [0, 1], broadcastable to (S, C, H, W).

    Args:
        kind: `mean`, the mean of each channel over the reference images; `zero`, black; `dataset`, the mean
            of each pixel over the reference images; `blur`, each image itself under a Gaussian of an eighth
            of its height.
        images: uint8, (S, C, H, W), the images to be masked.
        reference: uint8, (R, C, H, W), the images to average, as a rule the training images.

    Raises:
        InputError: if the kind is unknown.

    Source: `mean` as in arXiv 2409.08712 and the code of its authors, `zero` as in arXiv 2407.19198.
    """
    if kind == "mean":
        values = reference.mean(axis=(0, 2, 3), keepdims=True)
    elif kind == "zero":
        values = np.zeros((1, images.shape[1], 1, 1))
    elif kind == "dataset":
        values = reference.mean(axis=0, keepdims=True)
    elif kind == "blur":
        values = _blurred(images)
    else:
        raise InputError(f"baseline {kind!r} is unknown: use mean, zero, dataset or blur")
    return (values / 255).astype(np.float32)


def _blurred(images: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    width = images.shape[-2] / 8
    return gaussian_filter(images.astype(np.float64), sigma=(0, 0, width, width), mode="nearest")
