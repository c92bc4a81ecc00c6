"""Cluster: groups of a source's training images by their features, to stand in for classes where it has no labels.

Writes an .npz: labels int64 (N,), the cluster of each image in the manifest's order, -1 for test images; and over
the C clusters class_means float64 (C, d), class_counts int64 (C,), as the features file has them for classes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from whypretrain.config.section import Seeded
from whypretrain.config.selection import Clustering
from whypretrain.data import load_class_means
from whypretrain.runtime import files
from whypretrain.selection import cluster_features
from whypretrain.stages._run import parser, run


class Config(Clustering, Seeded):
    """What `--config` holds."""


def stage(arguments: argparse.Namespace) -> None:
    """Cluster the features of the training images; config keys: number, seed."""
    config = arguments.config
    features = load_class_means(arguments.features, key="features")
    with np.load(arguments.features, allow_pickle=False) as found:
        is_train = found["is_train"]
    clusters = cluster_features(features[is_train], config.number, seed=config.seed)
    labels = np.full(len(is_train), -1, dtype=np.int64)
    labels[is_train] = clusters.labels
    with files.atomic(arguments.out) as temporary:
        np.savez(
            temporary,
            allow_pickle=False,
            labels=labels,
            class_means=clusters.means,
            class_counts=clusters.counts.astype(np.int64),
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--features", required=True, type=Path, help="features of the source, an .npz")
    found.add_argument("--out", required=True, type=Path, help="file to write, .npz")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
