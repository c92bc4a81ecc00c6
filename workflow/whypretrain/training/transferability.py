"""What people predict by, from frozen features alone, how well a checkpoint will be fine-tuned: k-NN and LogME."""

from __future__ import annotations

import numpy as np

from whypretrain.errors import InputError

NEIGHBOURS, TEMPERATURE = 20, 0.07  # of arXiv:2104.14294 (DINO), appendix
_GRID = np.logspace(-8, 8, 65)  # ratios of the two precisions, relative to the largest squared singular value
_REFINED = 40  # steps of golden section between two points of it: to 1e-8 of their distance


def knn_accuracy(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray, *, k: int = NEIGHBOURS
) -> float:
    """Accuracy of the k nearest training images, weighted by exp(cosine / `TEMPERATURE`), on the test images, 0..1.

    Args:
        train, test: features, (N, d) and (M, d).
        train_labels, test_labels: class indices, (N,) and (M,).
        k: neighbours; of fewer training images all.
    """
    unit, queries = _unit(train), _unit(test)
    similar = queries @ unit.T
    k = min(k, len(unit))
    nearest = np.argsort(-similar, axis=1, kind="stable")[:, :k]
    weights = np.exp((np.take_along_axis(similar, nearest, 1) - 1) / TEMPERATURE)
    votes = np.zeros((len(test), int(train_labels.max()) + 1))
    np.add.at(votes, (np.arange(len(test))[:, None], train_labels[nearest]), weights)
    return float((votes.argmax(1) == test_labels).mean())


def log_evidence(features: np.ndarray, labels: np.ndarray) -> float:
    """LogME (You, Liu, Wang, Long, ICML 2021): the largest log evidence of Bayesian linear regression, per image.

    For every class c, y_c (1 for its images, else 0) is N(F w, 1/beta) with w ~ N(0, 1/alpha). The value is the mean
    over classes of max over alpha and beta of log p(y_c | F, alpha, beta) / N. With the singular values s_i of F, z_i
    the parts of y_c along its left singular vectors, r the squared rest of y_c and t = alpha / beta,

        log p = -N/2 log(2 pi e q(t) / N) - 1/2 sum_i log(1 + s_i^2 / t),   q(t) = r + sum_i z_i^2 t / (t + s_i^2)

    for the best beta, so that the maximum over t alone remains. It is sought on a grid of t, then by golden section.
    The authors' iteration ends where both derivatives are 0, which is the same point unless there are several.

    Args:
        features: F, (N, d), as the head sees them.
        labels: class indices, (N,).

    Raises:
        InputError: if the features are not finite, or there are fewer than two classes.
    """
    if not np.isfinite(features).all():
        raise InputError("LogME: features hold NaN or infinite values; the model is broken")
    classes = np.unique(labels)
    if len(classes) < 2:
        raise InputError("LogME: images of one class alone; give two or more")
    left, singular, _ = np.linalg.svd(features.astype(np.float64), full_matrices=False)
    squared = singular**2
    targets = (labels[:, None] == classes).astype(np.float64)
    parts = (left.T @ targets) ** 2
    rest = np.maximum((targets**2).sum(0) - parts.sum(0), 0.0)

    def evidence(ratio: np.ndarray) -> np.ndarray:
        """Per image and class, (K, R), for ratios t (K, R)."""
        count = len(features)
        shrunk = ratio[..., None] / (ratio[..., None] + squared)
        quadratic = rest[:, None] + (parts.T[:, None, :] * shrunk).sum(-1)
        spread = np.log1p(squared / ratio[..., None]).sum(-1)
        return -0.5 * (np.log(2 * np.pi * quadratic / count) + 1) - 0.5 * spread / count

    grid = np.log(_GRID * max(squared.max(), np.finfo(float).tiny))
    best = evidence(np.exp(np.broadcast_to(grid, (len(classes), len(grid))))).argmax(1)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(_REFINED):
        inner = np.stack([high - golden * (high - low), low + golden * (high - low)], axis=1)
        first, second = evidence(np.exp(inner)).T
        low, high = np.where(first < second, inner[:, 0], low), np.where(first < second, high, inner[:, 1])
    return float(evidence(np.exp((low + high) / 2)[:, None]).mean())


def _unit(features: np.ndarray) -> np.ndarray:
    found = features.astype(np.float64)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found / np.where(length > 0, length, 1)
