"""Kind `digits`: the handwritten digits that scikit-learn ships (UCI optdigits, 1,797 images of 8 x 8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from whypretrain.data._options import Common, option
from whypretrain.data._pixels import fit
from whypretrain.data.image_set import ImageSet, assemble
from whypretrain.data.sampling import split_off


@dataclass(frozen=True, kw_only=True)
class Options(Common):
    """Options of the kind."""

    test_fraction: float = option(0.5, least=0.05, most=0.95)


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """All, resized to `size`, intensities 0..16 to 0..255, split by seeded stratified draw."""
    from sklearn.datasets import load_digits

    found = load_digits()
    classes = [str(name) for name in found.target_names]
    levels = np.rint(found.images * (255 / 16)).astype(np.uint8)
    images = np.stack([fit(Image.fromarray(level), size=size, channels=channels) for level in levels])
    test = split_off(found.target, options.test_fraction, classes=classes, seed=seed, what="digits")
    return assemble(
        images,
        found.target,
        test=test,
        classes=classes,
        concepts=["digits"] * len(classes),
        origins=[f"sklearn.datasets.load_digits {row}" for row in range(len(levels))],
    )
