"""From any picture to a square of the wanted size and number of channels."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps


def fit(picture: Image.Image, *, size: int, channels: int) -> np.ndarray:
    """Resize the shorter side to `size` (bicubic) and crop the centre; grey for one channel, RGB for three.

    Returns:
        uint8, shape (channels, size, size).
    """
    converted = picture.convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(ImageOps.fit(converted, (size, size), method=Image.Resampling.BICUBIC))
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)
