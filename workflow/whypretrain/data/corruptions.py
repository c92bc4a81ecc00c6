"""Corrupted images in five severities: kinds of noise, blur, brightness, contrast, pixelation, compression; rotation.

Kinds and levels are those of ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261), for images of any size:
what pixelation leaves is a share of the side, and so is the width of the blur, three to four times theirs, which at 16
pixels would be under half a pixel. Rotation is none of theirs: it tests an invariance that augmentation planted. Kinds
that draw weather, glass or motion are left to the published sets (CIFAR-10-C: `invariances.corrupted`). No library:
`imagecorruptions` 1.1.2 refuses images under 32 pixels and draws from numpy's global generator.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product

import numpy as np
from PIL import Image

from whypretrain.data.image_set import ImageSet
from whypretrain.errors import InputError
from whypretrain.runtime import seeds

SEVERITIES = (1, 2, 3, 4, 5)

_LEVELS: dict[str, tuple[float, ...]] = {
    "gaussian_noise": (0.08, 0.12, 0.18, 0.26, 0.38),  # standard deviation
    "shot_noise": (60, 25, 12, 5, 3),  # photons that make a white pixel
    "impulse_noise": (0.03, 0.06, 0.09, 0.17, 0.27),  # share of values that turn black or white, as often
    "blur": (0.02, 0.03, 0.045, 0.06, 0.09),  # standard deviation, share of the side
    "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),  # added
    "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),  # factor of the distance from the image's mean
    "pixelate": (0.6, 0.5, 0.4, 0.3, 0.25),  # pixels that are left along each axis, share of the side
    "jpeg_compression": (25, 18, 15, 10, 7),  # quality
    "rotation": (15, 25, 35, 45, 60),  # degrees
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


def corrupted(images: ImageSet, names: Iterable[str], *, seed: int) -> dict[tuple[str, int], ImageSet]:
    """The images with each corruption in every severity, by (name, severity)."""
    return {
        (name, severity): replace(images, images=corrupt(images.images, name, severity, seed=seed))
        for name, severity in product(names, SEVERITIES)
    }


def by_severity(images: ImageSet, classes: list[str], name: str) -> dict[int, ImageSet]:
    """The images of a published set of corrupted images, e.g. CIFAR-10-C, by severity.

    Raises:
        InputError: where the set's classes are not `classes`, or its images have no severity; `name` is the set's.
    """
    if images.classes != classes:
        raise InputError(f"data set {name!r}: its classes are not the target's; give its own corrupted set")
    told = images.manifest["origin"].str.extract(r" ([1-5]) \d+$")[0]
    if told.isna().any():
        raise InputError(f"data set {name!r}: images have no severity; use kind cifar10_c or cifar100_c")
    severities = told.astype(int)
    return {severity: images.take(np.flatnonzero(severities == severity)) for severity in sorted(severities.unique())}


def _noise(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    drawn = [random.standard_normal(images.shape[1:]) for random in _by_image(images, seed)]
    return images + level * np.stack(drawn)


def _shot_noise(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    drawn = [random.poisson(level * image) for random, image in zip(_by_image(images, seed), images, strict=True)]
    return np.stack(drawn) / level


def _impulse_noise(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    drawn = np.stack([random.random(images.shape[1:]) for random in _by_image(images, seed)])
    return np.where(drawn < level, drawn < level / 2, images)


def _by_image(images: np.ndarray, seed: int) -> Iterator[np.random.Generator]:
    return (seeds.generator(seed, "corruption noise", k) for k in range(len(images)))


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


def _jpeg(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    """Through the codec: three channels as colours, any other number as so many grey images."""
    height, width = images.shape[2:]
    colours = images.shape[1] == 3
    layers = (images * 255).round().astype(np.uint8)
    layers = layers.transpose(0, 2, 3, 1) if colours else layers.reshape(-1, height, width)
    decoded = np.stack([_recoded(layer, int(level)) for layer in layers])
    return (decoded.transpose(0, 3, 1, 2) if colours else decoded.reshape(images.shape)) / 255.0


def _rotation(images: np.ndarray, level: float, seed: int) -> np.ndarray:
    """Every other image to the left, the rest to the right; the border goes on outside."""
    from scipy.ndimage import rotate

    angles = level * (-1.0) ** np.arange(len(images))
    turned = [
        rotate(image, angle, axes=(1, 2), reshape=False, order=1, mode="nearest")
        for image, angle in zip(images, angles, strict=True)
    ]
    return np.stack(turned)


def _recoded(pixels: np.ndarray, quality: int) -> np.ndarray:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))


def _block_means(side: int, blocks: int) -> np.ndarray:
    """(side, side): each pixel takes the mean over the coarse pixel that its centre lies in."""
    edges = np.linspace(0, side, blocks + 1)
    covered = np.minimum(edges[1:, None], np.arange(side) + 1) - np.maximum(edges[:-1, None], np.arange(side))
    shares = covered.clip(0) / (side / blocks)
    return shares[((np.arange(side) + 0.5) * blocks / side).astype(int)]


CORRUPTIONS: dict[str, Callable[[np.ndarray, float, int], np.ndarray]] = {
    "gaussian_noise": _noise,
    "shot_noise": _shot_noise,
    "impulse_noise": _impulse_noise,
    "blur": _blur,
    "brightness": _brightness,
    "contrast": _contrast,
    "pixelate": _pixelate,
    "jpeg_compression": _jpeg,
    "rotation": _rotation,
}
