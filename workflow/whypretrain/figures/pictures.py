"""Images with their inversions, as the invariances stage leaves them in `TARGET/ARCHITECTURE/SEED`."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whypretrain.errors import InputError


@dataclass(frozen=True)
class Pictures:
    """Inversions of a few images by several models.

    Attributes:
        images: uint8, shape (P, C, H, W).
        noise: where the inversions started, like `images`; None if the file lacks it.
        inversions: of each model, by name, uint8, shape (layers, P, C, H, W).
        target, architecture: the folders that the file lies in.
    """

    images: np.ndarray
    noise: np.ndarray | None
    inversions: dict[str, np.ndarray]
    target: str
    architecture: str


def read(path: str | Path) -> Pictures:
    """Read one file of pictures: arrays `images`, perhaps `noise`, and one named after each model.

    Raises:
        InputError: if it cannot be read, has no image or no model, or its shapes disagree.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        images, noise = found.pop("images"), found.pop("noise", None)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _bad(path, f"not a file of pictures ({error})") from error
    if images.ndim != 4 or not len(images) or not found:
        raise _bad(path, f"images of shape {images.shape} and {len(found)} models")
    for model, inversions in found.items():
        if inversions.ndim != 5 or inversions.shape[1:] != images.shape:
            raise _bad(path, f"{model} has shape {inversions.shape}, not (layers, *{images.shape})")
    folders = path.resolve().parts
    return Pictures(images, noise, found, target=folders[-4], architecture=folders[-3])


def _bad(path: Path, reason: str) -> InputError:
    return InputError(f"{path}: {reason}; run the invariances stage again")
