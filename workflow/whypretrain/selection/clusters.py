"""Clusters in place of classes, where the source has no labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from whypretrain.errors import InputError
from whypretrain.seeds import seed_of
from whypretrain.selection._checks import check_features
from whypretrain.selection._cosine import unit


@dataclass(frozen=True)
class Clusters:
    """A partition of rows into clusters, none empty, in the order of their first rows."""

    labels: np.ndarray  # (n,) int64
    means: np.ndarray  # (c, d) float64, of the features as given: what `rank_classes` takes
    counts: np.ndarray  # (c,)


def cluster_features(
    features: np.ndarray,
    clusters: int = 2000,
    *,
    seed: int = 0,
    spherical: bool = True,
    iterations: int = 20,
    batches_from: int = 20_000,
) -> Clusters:
    """Group rows by k-means, to stand in for the classes of an unlabelled source (2000 in arXiv:2111.12292).

    Args:
        features: (n, d).
        clusters: how many are sought; fewer come back where k-means leaves some empty.
        seed: of the starting centres.
        spherical: divide rows by their norms first: clusters then group directions, as the cosine cost does.
        iterations: passes over the rows.
        batches_from: rows from which on k-means is fitted on batches of them, not on all at once.

    Raises:
        InputError: for broken features (naming the row), or more clusters than rows.
    """
    features = check_features(features, "source")
    if not 1 <= clusters <= len(features):
        raise InputError(f"{clusters} clusters of {len(features)} rows: choose between 1 and {len(features)}")
    points = unit(features) if spherical else np.asarray(features, dtype=np.float64)
    labels = _k_means(
        points.astype(np.float32),
        len(features) >= batches_from,
        n_clusters=clusters,
        random_state=seed_of(seed, "k-means") % 2**32,
        max_iter=iterations,
        n_init=1,
    )
    return _ordered(labels, features)


def _k_means(points: np.ndarray, in_batches: bool, **options: Any) -> np.ndarray:
    import warnings

    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    batch_size = max(4096, 4 * options["n_clusters"])
    model = MiniBatchKMeans(**options, batch_size=batch_size) if in_batches else KMeans(**options)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # equal rows make fewer clusters: allowed, see above
        return model.fit_predict(points)


def _ordered(labels: np.ndarray, features: np.ndarray) -> Clusters:
    """Number clusters by first appearance, so that equal partitions are equal, and average their features."""
    _, first, labels, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    labels, counts = np.argsort(order)[labels], counts[order]
    by_cluster = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sums = np.add.reduceat(np.asarray(features, dtype=np.float64)[by_cluster], starts, axis=0)
    return Clusters(labels.astype(np.int64), sums / counts[:, None], counts)
