"""Clusters in place of classes, where the source has no labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from whypretrain.errors import InputError
from whypretrain.runtime.seeds import generator, seed_of
from whypretrain.selection._checks import check_features
from whypretrain.selection._cosine import unit

_PASSES = 20  # over the rows
_BATCHES_FROM = 20_000  # rows from which on k-means is fitted on batches of them
_ROWS_A_CLUSTER = 50  # that k-means is fitted on, drawn from all
_BLOCK = 1 << 14  # rows that are converted at a time


@dataclass(frozen=True)
class Clusters:
    """A partition of rows into clusters, none empty, in the order of their first rows."""

    labels: np.ndarray  # (n,) int64
    means: np.ndarray  # (c, d) float64, of the features as given: what `rank_classes` takes
    counts: np.ndarray  # (c,)


def cluster_features(features: np.ndarray, clusters: int = 2000, *, seed: int = 0) -> Clusters:
    """Group rows by k-means, to stand in for the classes of an unlabelled source (2000 in arXiv:2111.12292).

    Rows are divided by their norms first: clusters then group directions, as the cosine cost does. From 20,000 rows on,
    k-means is fitted on batches of at most 50 rows a cluster, drawn from all; then each row goes to the nearest centre,
    in blocks, so that the features can be larger than the memory.

    Args:
        features: (n, d); a memory map will do.
        clusters: how many are sought; fewer come back where k-means leaves some empty.
        seed: of the starting centres.

    Raises:
        InputError: for broken features (naming the row), or more clusters than rows.
    """
    features = check_features(features, "source")
    if not 1 <= clusters <= len(features):
        raise InputError(f"{clusters} clusters of {len(features)} rows: choose between 1 and {len(features)}")
    return grouped(_k_means(features, clusters, seed), features)


def main_concepts(clusters: np.ndarray, concepts: np.ndarray) -> list[str]:
    """The concept of most rows of each cluster, the first in order of equals.

    Args:
        clusters: the cluster of each row, (n,); -1 for rows of none.
        concepts: the concept of each row, (n,).

    Example:
        >>> main_concepts(np.array([0, 0, 0, 1, -1]), np.array(["b", "a", "b", "c", "a"]))
        ['b', 'c']
    """
    names, concept = np.unique(concepts, return_inverse=True)
    counts = np.zeros((clusters.max() + 1, len(names)), dtype=np.int64)
    np.add.at(counts, (clusters[clusters >= 0], concept[clusters >= 0]), 1)
    return names[counts.argmax(1)].tolist()


def grouped(labels: np.ndarray, features: np.ndarray) -> Clusters:
    """Clusters of known labels, such as classes: numbered by first appearance, so that equal partitions are equal.

    Args:
        labels: the group of each row, (n,).
        features: (n, d); a memory map will do.
    """
    _, first, labels, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    labels, counts = np.argsort(order)[labels], counts[order]
    sums = np.zeros((len(counts), features.shape[1]))
    for block in _blocks(len(features)):
        by_label = np.argsort(labels[block], kind="stable")
        present, starts = np.unique(labels[block][by_label], return_index=True)
        sums[present] += np.add.reduceat(np.asarray(features[block], dtype=np.float64)[by_label], starts, axis=0)
    return Clusters(labels.astype(np.int64), sums / counts[:, None], counts)


def _k_means(features: np.ndarray, clusters: int, seed: int) -> np.ndarray:
    import warnings

    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    in_batches = len(features) >= _BATCHES_FROM
    most = max(_BATCHES_FROM, _ROWS_A_CLUSTER * clusters) if in_batches else len(features)
    options = {
        "n_clusters": clusters,
        "random_state": seed_of(seed, "k-means") % 2**32,
        "max_iter": _PASSES,
        "n_init": 1,
    }
    model = MiniBatchKMeans(**options, batch_size=max(4096, 4 * clusters)) if in_batches else KMeans(**options)
    drawn = features
    if most < len(features):
        drawn = features[np.sort(generator(seed, "k-means rows").choice(len(features), most, replace=False))]
    with warnings.catch_warnings():  # equal rows make fewer clusters, which is allowed
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(unit(drawn).astype(np.float32))
    return np.concatenate([model.predict(unit(features[block]).astype(np.float32)) for block in _blocks(len(features))])


def _blocks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _BLOCK):
        yield slice(start, start + _BLOCK)
