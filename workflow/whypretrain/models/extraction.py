"""Features of many images, and their class means; memory is that of a batch, and of a class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier
from whypretrain.models.inputs import as_input, device
from whypretrain.runtime.memory import Halving
from whypretrain.runtime.precision import precision
from whypretrain.runtime.progress import progress

_AT_ONCE = 1 << 11  # rows of features that are averaged at a time, unless one class has more


def extract(model: Classifier, images: np.ndarray, batch_size: int, *, out: np.ndarray | None = None) -> np.ndarray:
    """Pooled features of stored images in evaluation mode: uint8 (N, C, H, W) -> float32 (N, d).

    The model's mode is restored. The batch size changes the result by rounding only; a batch that does not fit into
    the GPU's memory is computed in parts, and a line says so. With `out`, e.g. a file mapped to memory, features go
    there.

    Raises:
        InputError: if there are no images, they do not fit the model, or `batch_size` is not positive; if memory
            does not suffice for one image.
    """
    if not model.architecture.fits(images.shape[1:]):
        raise InputError(
            f"{model.architecture.name} takes images of shape {model.architecture.takes}, not {images.shape[1:]}"
        )
    if not len(images) or batch_size < 1:
        raise InputError(f"features need images and a positive batch_size, not {len(images)} and {batch_size}")
    found = np.empty((len(images), model.head.in_features), np.float32) if out is None else out
    was_training, halving = model.training, Halving()
    model.eval()
    with torch.inference_mode(), precision("float32", device()):
        for start in progress(range(0, len(images), batch_size), "features"):
            batch = slice(start, start + batch_size)
            found[batch] = halving.mapped(model.features, as_input(images[batch])).cpu().numpy()
    model.train(was_training)
    return found


def projected(model: Classifier, features: np.ndarray) -> np.ndarray:
    """What source data are chosen by: features (N, d), projected where the model is a contrastive checkpoint.

    The projection's output is not normalised (arXiv 2111.12292); training starts without it.
    """
    if model.projection is None:
        return features
    with torch.inference_mode():
        return model.projection(torch.as_tensor(features, device=device())).cpu().numpy()


def class_means(
    features: np.ndarray, labels: np.ndarray, of: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means of the features of each class, float64 (K, d), and images of each class, int64 (K,).

    The features enter as they are, not normalised; every class 0..K-1 must have an image.

    Args:
        features: (N, d); some classes at a time are copied.
        labels: (N,); images of label -1 are left out.
        of: features (n, d) -> what is averaged of them, (n, d').

    Example:
        >>> class_means(np.array([[1.0], [3.0], [5.0]], np.float32), np.array([0, 0, 1]))[0].tolist()
        [[2.0], [5.0]]
    """
    counts = np.bincount(labels[labels >= 0])
    order = np.argsort(labels, kind="stable")[np.count_nonzero(labels < 0) :]
    ends = np.cumsum(counts)
    starts = ends - counts  # (K,) where each class begins, once sorted
    sums, first = [], 0
    while first < len(counts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + _AT_ONCE, side="right")))
        ordered = of(features[order[starts[first] : ends[last - 1]]])
        sums.append(np.add.reduceat(ordered, starts[first:last] - starts[first], axis=0, dtype=np.float64))
        first = last
    return np.concatenate(sums) / counts[:, None], counts
