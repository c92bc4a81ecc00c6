"""Folders of pictures made on the spot, and how they are read."""

from __future__ import annotations

import numpy as np
from PIL import Image

from whypretrain.data import build

COLOURS = {"blue": (20, 40, 230), "red": (220, 30, 30)}


def write(path, colour=(0, 0, 0), width=20, height=12):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)


def folder(root, *splits, count=5):
    """One folder a class, below each of the splits."""
    for split in splits or ("",):
        for name, colour in COLOURS.items():
            for row in range(count):
                write(root / split / name / f"{row}.{'png' if row % 2 else 'jpg'}", colour)
    return root


def read(root, channels=3, size=8, **options):
    return build("photos", {"kind": "imagefolder", "root": str(root), **options}, size=size, channels=channels, seed=0)


def pixels(made, origin):
    """The image of one file, (C, H, W)."""
    [row] = np.flatnonzero(made.manifest["origin"] == origin)
    return made.images[row].astype(int)
