"""Images with their inversions, as the invariances stage writes them: `TARGET/ARCHITECTURE/SEED/pictures.npz`."""

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
        inversions: uint8, shape (models, layers, P, C, H, W).
        models, layers: names, in the order of the first two axes.
        target, architecture: the folders that the file lies in.
    """

    images: np.ndarray
    inversions: np.ndarray
    models: list[str]
    layers: list[str]
    target: str
    architecture: str


def read(path: str | Path) -> Pictures:
    """Read one file of pictures.

    Raises:
        InputError: if it cannot be read, lacks an array, or its shapes disagree.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ("images", "inversions", "models", "layers")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a file of pictures ({error}); run the invariances stage again") from error
    images, inversions = found["images"], found["inversions"]
    expected = (len(found["models"]), len(found["layers"]), *images.shape)
    if images.ndim != 4 or not len(images) or inversions.shape != expected:
        raise InputError(f"{path}: inversions of shape {inversions.shape}, not {expected}; run the invariances stage again")
    names = ([str(name) for name in found[key].tolist()] for key in ("models", "layers"))
    folders = path.resolve().parts
    return Pictures(images, inversions, *names, target=folders[-4], architecture=folders[-3])
