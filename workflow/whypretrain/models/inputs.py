"""From stored images to the device that computes."""

from __future__ import annotations

import numpy as np
import torch

from whypretrain.errors import InputError


def device() -> torch.device:
    """Where models run: the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def as_input(images: np.ndarray) -> torch.Tensor:
    """Stored images, uint8 (N, C, H, W), as float32 in [0, 1] on `device()`; memory-mapped images are copied.

    Tokens, int32 (N, 1, L), come as int64.

    Raises:
        InputError: if the images are neither.
    """
    if images.dtype == np.int32 and images.ndim == 3:
        return torch.tensor(np.ascontiguousarray(images), device=device()).long()
    if images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(f"images must be uint8 of shape (N, C, H, W), not {images.dtype} {images.shape}")
    return torch.tensor(np.ascontiguousarray(images), device=device()).float().div_(255)
