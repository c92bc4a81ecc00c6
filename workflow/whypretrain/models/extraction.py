"""Features of many images, and their class means."""

from __future__ import annotations

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier
from whypretrain.models.inputs import as_input, device
from whypretrain.models.precision import precision
from whypretrain.progress import progress


def extract(model: Classifier, images: np.ndarray, batch_size: int) -> np.ndarray:
    """Pooled features of stored images in evaluation mode: uint8 (N, C, H, W) -> float32 (N, d).

    The model's mode is restored. The batch size changes the result by rounding only.

    Raises:
        InputError: if there are no images, they do not fit the model, or `batch_size` is not positive.
    """
    wanted = (model.architecture.channels, model.architecture.size, model.architecture.size)
    if images.shape[1:] != wanted:
        raise InputError(f"{model.architecture.name} takes images of shape {wanted}, not {images.shape[1:]}")
    if not len(images) or batch_size < 1:
        raise InputError(
            f"features need images and a positive batch_size, not {len(images)} and {batch_size}"
        )
    was_training = model.training
    model.eval()
    starts = progress(range(0, len(images), batch_size), "features")
    with torch.inference_mode(), precision("float32", device()):
        batches = [model.features(as_input(images[start : start + batch_size])).cpu() for start in starts]
    model.train(was_training)
    return torch.cat(batches).numpy()


def projected(model: Classifier, features: np.ndarray) -> np.ndarray:
    """What source data are chosen by: features (N, d), projected where the model is a contrastive checkpoint.

    The projection's output is not normalised (arXiv 2111.12292); training starts without it.
    """
    if model.projection is None:
        return features
    with torch.inference_mode():
        return model.projection(torch.as_tensor(features, device=device())).cpu().numpy()


def class_means(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the features of each class, float64 (K, d), and images of each class, int64 (K,).

    The features enter as they are, not normalised; every class 0..K-1 must have an image.

    Example:
        >>> class_means(np.array([[1.0], [3.0], [5.0]], np.float32), np.array([0, 0, 1]))[0].tolist()
        [[2.0], [5.0]]
    """
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts  # (K,) where each class begins, once sorted
    ordered = features[np.argsort(labels, kind="stable")]  # (N, d)
    sums = np.add.reduceat(ordered, starts, axis=0, dtype=np.float64)
    return sums / counts[:, None], counts
