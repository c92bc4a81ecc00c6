"""Stage features: pooled features of a model on data sets, with their class means, one DATASET.npz each.

Arrays: features float32 (N, d) in the manifest's order, labels int64 (N,), is_train bool (N,), and over the
training images of K classes class_means float64 (K, d), class_counts int64 (K,). Means are taken of the projected
features where the model is a contrastive checkpoint with its projection. Same input, same bytes.

With `--shard 2-of-3` it writes the features of a third of each data set's images into one file instead, as arrays
DATASET; with these files as `--shards`, in order, it gathers what it would otherwise compute. Memory is that of a
batch; features on their way lie in the folder to write.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from whypretrain import data, models
from whypretrain.config.selection import Extraction
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.shards import Shard
from whypretrain.stages._run import parser, run

_AT_ONCE = 1 << 12  # rows of features that are checked at a time


def stage(arguments: argparse.Namespace) -> None:
    """Write the features of each data set of `--data` into `--out` (config: batch_size)."""
    model = models.load(arguments.model)
    if arguments.shard:
        return _write_shard(model, arguments)
    for folder in arguments.data:
        images = _loaded(folder)
        with files.scratch(arguments.out, (len(images), model.head.in_features)) as features:
            if arguments.shards:
                _gather(arguments.shards, folder.name, features)
            else:
                models.extract(model, images.images, _batch_size(model, arguments), out=features)
            found = _described(model, images, features, folder.name)
            with files.atomic(arguments.out / f"{folder.name}.npz") as temporary:
                np.savez(temporary, allow_pickle=False, **found)


def _loaded(folder: Path, *, hashed: bool = True) -> data.ImageSet:
    images = data.load(folder, hashed=hashed)
    trained = images.labels[images.manifest["split"].to_numpy() == "train"]
    _check_classes(np.bincount(trained, minlength=len(images.classes)), images.classes, folder.name)
    return images


def _batch_size(model: models.Classifier, arguments: argparse.Namespace) -> int:
    return arguments.config.batch_size or models.forward_batch(model)


def _write_shard(model: models.Classifier, arguments: argparse.Namespace) -> None:
    """Features of the shard's images of every data set; of a small one these may be none."""
    shard, batch_size = Shard.parse(arguments.shard), _batch_size(model, arguments)
    with ExitStack() as stack:
        found: dict[str, np.ndarray] = {}
        for folder in arguments.data:
            images = _loaded(folder, hashed=False).images  # the gathering job looks at all of it
            part = images[shard.rows(len(images), batch_size)]
            room = files.scratch(arguments.out.parent, (len(part), model.head.in_features))
            features = found[_key(folder.name)] = stack.enter_context(room)
            if len(part):
                models.extract(model, part, batch_size, out=features)
        with files.atomic(arguments.out) as temporary:
            np.savez(temporary, allow_pickle=False, **found)


def _key(name: str) -> str:
    return f"of {name}"  # no keyword of savez


def _gather(shards: Sequence[Path], name: str, features: np.ndarray) -> None:
    """Fill the features of a data set from files of its shards, one after the other."""
    filled = 0
    for path in shards:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
                part = found[_key(name)]
            features[filled : filled + len(part)] = part
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise InputError(f"{path}: not a readable shard of {name!r} ({error}); remove it and run again") from error
        filled += len(part)
    if filled != len(features):
        raise InputError(
            f"data set {name!r}: shards of {filled} images in place of {len(features)}; remove them and run again"
        )


def _described(
    model: models.Classifier, images: data.ImageSet, features: np.ndarray, name: str
) -> dict[str, np.ndarray]:
    """The features, and what the file holds next to them."""
    labels, is_train = images.labels, images.manifest["split"].to_numpy() == "train"
    _check_finite(features, labels, images.classes, name)
    trained = np.where(is_train, labels, -1)
    means, counts = models.class_means(features, trained, partial(models.projected, model))
    return {"features": features, "labels": labels, "is_train": is_train, "class_means": means, "class_counts": counts}


def _check_classes(counts: np.ndarray, classes: list[str], name: str) -> None:
    if empty := [title for title, count in zip(classes, counts, strict=True) if not count]:
        raise InputError(f"data set {name!r}: class {empty[0]!r} has no training image; add some or drop the class")


def _check_finite(features: np.ndarray, labels: np.ndarray, classes: list[str], name: str) -> None:
    starts = range(0, len(features), _AT_ONCE)
    finite = [np.isfinite(features[start : start + _AT_ONCE]).all(axis=1) for start in starts]
    broken = ~np.concatenate(finite)
    if broken.any():
        raise InputError(
            f"data set {name!r}: {broken.sum()} images have features that are not finite, the first of class "
            f"{classes[labels[broken][0]]!r}; the model has diverged, train it with a lower learning rate"
        )


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Extraction)
    found.add_argument("--model", required=True, type=Path, help="folder of the model")
    found.add_argument("--data", required=True, type=Path, nargs="+", help="folders of the data sets")
    found.add_argument("--shard", help="NUMBER-of-SHARDS: what is computed, where not all is")
    found.add_argument("--shards", type=Path, nargs="+", help="files of all shards, gathered in place of computing")
    found.add_argument(
        "--out",
        required=True,
        type=Path,
        help="folder to write, .../features/ARCHITECTURE/SEED; of a shard the file, .npz",
    )
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
