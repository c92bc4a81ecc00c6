"""Kind `npz`: arrays in one NumPy file: images, labels, and optionally split and class_names."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Annotated

import numpy as np
from PIL import Image

from whypretrain.config.datasets import DataSet, HeldOut
from whypretrain.config.section import Place
from whypretrain.data._pixels import fit
from whypretrain.data.image_set import SPLITS, ImageSet, assemble
from whypretrain.data.kinds import Kind
from whypretrain.data.sampling import check_classes, split_off
from whypretrain.errors import InputError


class Options(DataSet):
    """NumPy file with arrays images (N, H, W[, C]) and labels, perhaps split and class_names."""

    path: Annotated[str, Place()]
    """the file"""
    test_fraction: HeldOut = 0.2
    """fraction held out where the file has no split"""


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Read the arrays and resize the images, shorter side to `size`, centre cropped.

    The file holds `images`, uint8 or floats in [0, 1], shape (N, H, W) or (N, H, W, C) with C 1 or 3;
    `labels`, integers 0..K-1, shape (N,); optionally `split`, "train" or "test", shape (N,), else a
    seeded stratified share `test_fraction` is the test split; optionally `class_names`, shape (K,).

    Raises:
        InputError: for a missing file or array, a wrong shape or type, NaN, or labels that do not match.
    """
    path = Path(options.path)
    arrays = _read(path)
    pixels = _pixels(arrays["images"], path)
    labels, classes = _labels(arrays, len(pixels), path)
    what = f"images of {path}"
    check_classes(labels, classes, what)
    test = _test(arrays["split"], len(labels), path) if "split" in arrays else None
    if test is None:
        test = split_off(labels, options.test_fraction, classes=classes, seed=seed, what=what)
    images = np.stack([fit(Image.fromarray(each), size=size, channels=channels) for each in pixels])
    origins = [f"{path.name} {row}" for row in range(len(labels))]
    return assemble(images, labels, test=test, classes=classes, concepts=classes, origins=origins)


def _read(path: Path) -> dict[str, np.ndarray]:
    if not zipfile.is_zipfile(path):
        raise InputError(f"path: {path} is not an .npz file; write it with numpy.savez")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"path: {path} cannot be read ({error}); write it again, without objects") from error
    missing = [name for name in ("images", "labels") if name not in arrays]
    if missing:
        raise InputError(f"path: {path} has no array {', '.join(missing)}; it holds {', '.join(arrays) or 'nothing'}")
    return arrays


def _pixels(images: np.ndarray, path: Path) -> np.ndarray:
    """The images as uint8, shape (N, H, W) or (N, H, W, 3)."""
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] not in (1, 3)) or not images.size:
        raise InputError(f"{path}: images of shape {images.shape}; use (N, H, W) or (N, H, W, C) with C 1 or 3")
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(f"{path}: images of type {images.dtype}; use uint8, or floats in [0, 1]")
    if not (images.min() >= 0 and images.max() <= 1):  # false for NaN too
        raise InputError(
            f"{path}: images hold {images.min()} to {images.max()}; floats must lie in [0, 1], without NaN"
        )
    return np.rint(images * 255).astype(np.uint8)


def _labels(arrays: dict[str, np.ndarray], count: int, path: Path) -> tuple[np.ndarray, list[str]]:
    labels = arrays["labels"]
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(
            f"{path}: labels of type {labels.dtype} and shape {labels.shape}; use integers, shape ({count},)"
        )
    names = arrays.get("class_names", np.arange(labels.max() + 1))
    if labels.min() < 0 or labels.max() >= len(names):
        raise InputError(
            f"{path}: labels {labels.min()} to {labels.max()} for {len(names)} classes; number them from 0"
        )
    return labels.astype(np.int64), [str(name) for name in names]


def _test(split: np.ndarray, count: int, path: Path) -> np.ndarray:
    unknown = sorted(set(split.astype(str).ravel()) - set(SPLITS))
    if split.shape != (count,) or unknown:
        found = f" with {', '.join(unknown[:5])}" if unknown else ""
        raise InputError(f"{path}: split of shape {split.shape}{found}; use {' or '.join(SPLITS)}, shape ({count},)")
    return split.astype(str) == "test"


KIND = Kind(Options, make, source="a NumPy file", licence="the owner's")
