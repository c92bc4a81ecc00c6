"""From stored images to the device, and through a model in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.progress import progress

if TYPE_CHECKING:
    from whypretrain.models.classifier import Classifier


def device() -> torch.device:
    """Where models run: the GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def as_input(images: np.ndarray) -> torch.Tensor:
    """Stored images, uint8 (N, C, H, W), as float32 in [0, 1] on `device()`.

    Raises:
        InputError: if the images are not uint8 of four dimensions.
    """
    if images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(f"images must be uint8 of shape (N, C, H, W), not {images.dtype} {images.shape}")
    return torch.from_numpy(np.ascontiguousarray(images)).to(device()).float().div_(255)


def extract(model: Classifier, images: np.ndarray, batch_size: int) -> np.ndarray:
    """Pooled features of stored images in evaluation mode: uint8 (N, C, H, W) -> float32 (N, d).

    The model's mode is restored. The batch size changes the result by rounding only.

    Raises:
        InputError: if the images do not fit the model.
    """
    wanted = (model.architecture.channels, model.architecture.size, model.architecture.size)
    if images.shape[1:] != wanted:
        raise InputError(f"{model.architecture.name} takes images of shape {wanted}, not {images.shape[1:]}")
    was_training = model.training
    model.eval()
    starts = progress(range(0, len(images), batch_size), "features")
    with torch.inference_mode():
        batches = [model.features(as_input(images[start : start + batch_size])).cpu() for start in starts]
    model.train(was_training)
    return torch.cat(batches).numpy() if batches else np.empty((0, model.head.in_features), np.float32)
