"""Stage features: pooled features of a model on data sets, with their class means, one DATASET.npz each.

Arrays: features float32 (N, d) in the manifest's order, labels int64 (N,), is_train bool (N,), and over the
training images of K classes class_means float64 (K, d), class_counts int64 (K,). Means are taken of the projected
features where the model is a contrastive checkpoint with its projection. Same input, same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from whypretrain import data, files, models
from whypretrain.errors import InputError
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Write the features of each data set of `--data` into `--out` (config: batch_size)."""
    model = models.load(arguments.model)
    batch_size = arguments.config.get("batch_size", 256)
    for folder in arguments.data:
        found = _features(model, data.load(folder), folder.name, batch_size)
        with files.atomic(arguments.out / f"{folder.name}.npz") as temporary:
            np.savez(temporary, allow_pickle=False, **found)


def _features(
    model: models.Classifier, images: data.ImageSet, name: str, batch_size: int
) -> dict[str, np.ndarray]:
    labels, is_train = images.labels, images.manifest["split"].to_numpy() == "train"
    _check_classes(np.bincount(labels[is_train], minlength=len(images.classes)), images.classes, name)
    features = models.extract(model, images.images, batch_size)
    _check_finite(features, labels, images.classes, name)
    means, counts = models.class_means(models.projected(model, features[is_train]), labels[is_train])
    return {
        "features": features,
        "labels": labels,
        "is_train": is_train,
        "class_means": means,
        "class_counts": counts,
    }


def _check_classes(counts: np.ndarray, classes: list[str], name: str) -> None:
    if empty := [title for title, count in zip(classes, counts, strict=True) if not count]:
        raise InputError(
            f"data set {name!r}: class {empty[0]!r} has no training image; add some or drop the class"
        )


def _check_finite(features: np.ndarray, labels: np.ndarray, classes: list[str], name: str) -> None:
    broken = ~np.isfinite(features).all(axis=1)
    if broken.any():
        raise InputError(
            f"data set {name!r}: {broken.sum()} images have features that are not finite, the first of class "
            f"{classes[labels[broken][0]]!r}; the model has diverged, train it with a lower learning rate"
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--model", required=True, type=Path, help="folder of the model")
    found.add_argument("--data", required=True, type=Path, nargs="+", help="folders of the data sets")
    found.add_argument(
        "--out", required=True, type=Path, help="folder to write, .../features/ARCHITECTURE/SEED"
    )
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
