"""A labelled image set in memory and on disk: pixels, and a manifest with one row an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.data.duplicates import copies
from whypretrain.data.pictures import Pictures
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.places import DATA

COLUMNS = ("id", "split", "label", "class_name", "concept", "origin")
SPLITS = ("train", "test")
_PIXELS, _MANIFEST, _CARD = DATA
_AT_ONCE = 256  # images of which the statistics are counted at a time


@dataclass(frozen=True)
class ImageSet:
    """Images and their manifest, row by row.

    Attributes:
        images: uint8, shape (N, C, H, W); undecoded `Pictures` in a set that `build` was told not to decode; of text
            sentences or tokens (see `text_set`).
        manifest: one row an image: id, split ("train" or "test"), label (0..K-1), class_name, concept (the
            group that the class belongs to), origin (file, font or index that the image was made from).
        about: name, kind, source and licence, kept in `data.json`.
    """

    images: np.ndarray
    manifest: pd.DataFrame
    about: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.manifest)

    @property
    def labels(self) -> np.ndarray:
        """Class index of each image, int64, shape (N,)."""
        return self.manifest["label"].to_numpy(dtype=np.int64)

    @property
    def classes(self) -> list[str]:
        """Class names in the order of the labels."""
        return self._by_label("class_name")

    @property
    def concepts(self) -> list[str]:
        """The concept of each class, in the order of the labels."""
        return self._by_label("concept")

    def split(self, name: str) -> ImageSet:
        """The images of one split, "train" or "test"; a view of the pixels where the split is contiguous."""
        return self.take(self.rows(name))

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of the images of one split, "train" or "test"."""
        if split not in SPLITS:
            raise InputError(f"split {split!r}: use one of {', '.join(SPLITS)}")
        return np.flatnonzero((self.manifest["split"] == split).to_numpy())

    def take(self, rows: np.ndarray) -> ImageSet:
        """The images at the given row numbers, in that order."""
        contiguous = len(rows) > 0 and bool(np.all(np.diff(rows) == 1))
        images = self.images[rows[0] : rows[-1] + 1] if contiguous else self.images[rows]
        return ImageSet(images, self.manifest.iloc[rows].reset_index(drop=True), self.about)

    def _by_label(self, column: str) -> list[str]:
        return self.manifest.drop_duplicates("label").sort_values("label")[column].astype(str).tolist()


def assemble(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    test: np.ndarray,
    classes: Sequence[str],
    concepts: Sequence[str],
    origins: Sequence[str],
) -> ImageSet:
    """Put an image set together, training images first.

    Args:
        images: uint8, shape (N, C, H, W).
        labels: class index of each image, shape (N,).
        test: True where the image belongs to the test split, shape (N,).
        classes, concepts: name and concept of each class, in the order of the labels.
        origins: where each image came from, length N.
    """
    manifest = pd.DataFrame(
        {
            "id": [f"{row:06d}" for row in range(len(labels))],
            "split": np.where(test, "test", "train"),
            "label": np.asarray(labels, dtype=np.int64),
            "class_name": np.asarray(classes, dtype=object)[labels],
            "concept": np.asarray(concepts, dtype=object)[labels],
            "origin": list(origins),
        }
    )
    return ImageSet(images, manifest).take(np.argsort(test, kind="stable"))


def save(images: ImageSet, folder: str | Path, *, threads: int = 1) -> dict[str, Any]:
    """Write `images.npy`, `manifest.parquet` and `data.json`, which is returned; the same set gives the same bytes.

    Undecoded pictures are decoded in pieces on the way to the file, by `threads`.

    Raises:
        InputError: if pictures cannot be decoded.
    """
    folder = Path(folder)
    if isinstance(images.images, np.ndarray) and images.images.dtype.kind == "O":
        from whypretrain.data import text_set

        return text_set.save(images, folder)
    with files.atomic(folder / _PIXELS) as temporary:
        if isinstance(images.images, Pictures):
            _write_pieces(temporary, images.images, threads)
        else:
            np.save(temporary, np.ascontiguousarray(images.images))
    images = ImageSet(_read_images(folder / _PIXELS), images.manifest, images.about)
    with files.atomic(folder / _MANIFEST) as temporary:
        images.manifest.to_parquet(temporary, index=False)
    hashed = {"images_sha256": files.sha256(folder / _PIXELS)}
    about = {**images.about, **_summary(images), **hashed}
    files.write_json(folder / _CARD, about)
    return about


def decoded(images: ImageSet) -> ImageSet:
    """The set with its pictures decoded, in memory.

    Raises:
        InputError: as `save`.
    """
    if not isinstance(images.images, Pictures):
        return images
    return ImageSet(np.concatenate(list(images.images.pieces())), images.manifest, images.about)


def _write_pieces(path: Path, pictures: Pictures, threads: int) -> None:
    """An .npy file of the pictures; only one piece is held in memory."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": pictures.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for piece in pictures.pieces(threads):
            file.write(np.ascontiguousarray(piece).data)


def load(folder: str | Path, *, hashed: bool = True) -> ImageSet:
    """Read what `save` wrote; the pixels are memory-mapped (read-only), so that a large set costs no memory.

    Without `hashed` they are not read through to compare their hash.

    Raises:
        InputError: if a file is missing, unreadable, damaged, or disagrees with the others.
    """
    folder = Path(folder)
    if not (folder / _PIXELS).is_file() and (folder / _CARD).is_file():
        from whypretrain.data import text_set

        if text_set.is_here(folder):
            return text_set.load(folder, hashed=hashed)
    images, manifest = _read_images(folder / _PIXELS), read_manifest(folder / _MANIFEST)
    about = files.read_json(folder / _CARD)
    counted = about.get("images") if isinstance(about, dict) else None
    for name, rows in ((_MANIFEST, len(manifest)), (_CARD, counted)):
        if rows != len(images):
            raise InputError(
                f"{folder / name}: counts {rows} images where images.npy holds {len(images)}; "
                f"remove {folder} and run the data stage again"
            )
    if hashed and about["images_sha256"] != files.sha256(folder / _PIXELS):
        raise _corrupt(folder / _PIXELS, "damaged or changed, its SHA-256 is not the one in data.json")
    return ImageSet(images, manifest, about)


def _summary(images: ImageSet) -> dict[str, Any]:
    """Counts, classes and the pixel statistics of the training images, scaled to [0, 1], per channel."""
    mean, std, brightest = _statistics(images.split("train").images)
    counts = images.manifest.groupby(["split", "label"]).size()
    return {
        "images": len(images),
        "shape": [int(length) for length in images.images.shape[1:]],
        "classes": images.classes,
        "concepts": images.concepts,
        "counts": {
            split: [int(counts.get((split, label), 0)) for label in range(len(images.classes))] for split in SPLITS
        },
        "mean": [round(float(value), 6) for value in mean],
        "std": [round(float(value), 6) for value in std],
        "brightest": brightest,
        **copies(images.images, (images.manifest["split"] == "test").to_numpy()),
    }


def _statistics(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Of uint8 images (N, C, H, W): mean and deviation per channel, scaled to [0, 1], and the largest pixel."""
    counts = np.zeros((pixels.shape[1], 256), np.int64)
    for start in range(0, len(pixels), _AT_ONCE):
        for channel, count in enumerate(counts):
            count += np.bincount(pixels[start : start + _AT_ONCE, channel].ravel(), minlength=256)
    values, shares = np.arange(256) / 255, counts / counts.sum(axis=1, keepdims=True)
    mean = shares @ values
    deviation = np.sqrt((shares * (values - mean[:, None]) ** 2).sum(axis=1))
    return mean, deviation, int(np.flatnonzero(counts.any(axis=0)).max(initial=0))


def _read_images(path: Path) -> np.ndarray:
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _corrupt(path, str(error)) from error
    if images.ndim != 4 or images.dtype != np.uint8:
        raise _corrupt(path, f"{images.dtype} of shape {images.shape}, not uint8 of shape (N, C, H, W)")
    return images


def read_manifest(path: Path) -> pd.DataFrame:
    """The rows of a set, in the columns `COLUMNS` and perhaps more."""
    try:
        with path.open("rb") as file:
            manifest = pd.read_parquet(file)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from these two
        raise _corrupt(path, str(error)) from error
    missing = [column for column in COLUMNS if column not in manifest]
    if missing:
        raise _corrupt(path, f"no column {', '.join(missing)}")
    return manifest


def _corrupt(path: Path, reason: str) -> InputError:
    first_line = reason.splitlines()[0] if reason else "unreadable"
    return InputError(f"{path}: {first_line}; remove it and run the data stage again")
