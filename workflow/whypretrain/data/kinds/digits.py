"""Kind `digits`: the handwritten digits that scikit-learn ships (UCI optdigits, 1,797 images of 8 x 8)."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from whypretrain.config.datasets import DataSet
from whypretrain.data._pixels import fit
from whypretrain.data.image_set import ImageSet, assemble
from whypretrain.data.kinds import Kind, Size
from whypretrain.data.sampling import split_off

_IMAGES = 1797


class Options(DataSet):
    """The real handwritten digits of scikit-learn."""

    test_fraction: Annotated[float, Field(ge=0.05, le=0.95)] = 0.5
    """fraction of the images held out as test"""


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


def size(options: Options) -> Size:
    """What the split leaves of them."""
    test = round(_IMAGES * options.test_fraction)
    return Size(_IMAGES - test, test, 10)


KIND = Kind(
    Options,
    make,
    source="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, in scikit-learn",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    size=size,
)
