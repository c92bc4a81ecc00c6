"""Classification accuracy on labelled images."""

from __future__ import annotations

import numpy as np


def scores(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float | int]:
    """Accuracy, mean accuracy over the classes, and the number of images.

    `mean_class_accuracy` is the mean of the recalls of the classes that have images here.

    Args:
        predicted, labels: class indices, (N,), N > 0.

    Example:
        >>> scores(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]))
        {'accuracy': 0.75, 'mean_class_accuracy': 0.75, 'n_test': 4}
    """
    right = predicted == labels
    images = np.bincount(labels)
    recalls = np.bincount(labels, weights=right)[images > 0] / images[images > 0]
    return {"accuracy": float(right.mean()), "mean_class_accuracy": float(recalls.mean()), "n_test": len(labels)}
