"""Corrupted images in five severities: noise, blur, brightness, contrast and pixelation.

Kinds and severities follow Hendrycks and Dietterich 2019 (arXiv:1903.12261); lengths are shares of the image side,
so that an image of 16 pixels is hurt as one of 224 is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from whypretrain import seeds
from whypretrain.errors import InputError

SEVERITIES = (1, 2, 3, 4, 5)

_LEVELS: dict[str, tuple[float, ...]] = {
    "gaussian_noise": (0.08, 0.12, 0.18, 0.26, 0.38),  # standard deviation
    "blur": (0.02, 0.03, 0.045, 0.06, 0.09),  # standard deviation, share of the side
    "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),  # added
    "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),  # factor of the distance from the image's mean
    "pixelate": (0.6, 0.5, 0.4, 0.3, 0.25),  # pixels that are left along each axis, share of the side
}


def corrupt(images: np.ndarray, name: str, severity: int, *, seed: int) -> np.ndarray:
    """Images (N, C, H, W), uint8, with one corruption of severity 1 to 5; of the same shape and type.

    Noise is drawn per image from the seed and the image's position.

    Raises:
        InputError: an unknown corruption or severity.
    """
    if name not in CORRUPTIONS:
        raise InputError(f"corruption {name!r}: there are {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise InputError(f"severity {severity!r} of {name}: give 1 to 5")
    changed = CORRUPTIONS[name](images / 255.0, _LEVELS[name][severity - 1], seed)
    return (np.clip(changed, 0, 1) * 255).round().astype(np.uint8)


def _noise(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    rows = range(len(images))
    drawn = [seeds.generator(seed, "corruption noise", k).standard_normal(images.shape[1:]) for k in rows]
    return images + level * np.stack(drawn)


def _blur(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    height, width = images.shape[2:]
    return gaussian_filter(images, (0, 0, level * height, level * width), mode="nearest")


def _brightness(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    return images + level


def _contrast(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    mean = images.mean((2, 3), keepdims=True)
    return mean + level * (images - mean)


def _pixelate(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    """Means over a coarser grid, drawn as squares."""
    height, width = images.shape[2:]
    rows, columns = (_block_means(side, max(1, round(level * side))) for side in (height, width))
    return rows @ images @ columns.T


def _block_means(side: int, blocks: int) -> np.ndarray:
    """(side, side): each pixel takes the mean over the coarse pixel that its centre lies in."""
    edges = np.linspace(0, side, blocks + 1)
    covered = np.minimum(edges[1:, None], np.arange(side) + 1) - np.maximum(edges[:-1, None], np.arange(side))
    shares = covered.clip(0) / (side / blocks)
    return shares[((np.arange(side) + 0.5) * blocks / side).astype(int)]


CORRUPTIONS: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "gaussian_noise": _noise,
    "blur": _blur,
    "brightness": _brightness,
    "contrast": _contrast,
    "pixelate": _pixelate,
}
