"""Seeded random distortion of drawn characters: rotate, scale, shear, shift, thicken, blur, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Distortion:
    """How strong each distortion is. Lengths are shares of the image side, so that every size looks alike."""

    rotation: float  # degrees to either side
    scale: float  # greatest relative change of width and, independently, of height
    shear: float  # greatest horizontal slant, as a tangent
    shift: float  # greatest shift along each axis, share of the side
    stroke: float  # greatest growth of strokes on each side, share of the side
    blur: float  # mean standard deviation of the Gaussian blur, share of the side; from half to 1.5 times it
    noise: float  # standard deviation of the pixel noise, share of full intensity


def affine_maps(count: int, strength: Distortion, side: int, generator: np.random.Generator) -> np.ndarray:
    """Random affine maps about the centre of a square of `side` pixels.

    Each is x -> A x + t with A = R(angle) [[1, shear], [0, 1]] diag(width, height).

    Returns:
        Coefficients (a, b, c, d, e, f) of the inverse maps as PIL takes them: output pixel (x, y) shows the
        input at (a x + b y + c, d x + e y + f). float64, shape (count, 6).
    """
    angle = np.deg2rad(generator.uniform(-strength.rotation, strength.rotation, count))
    stretch = 1 + generator.uniform(-strength.scale, strength.scale, (count, 2))
    shear = generator.uniform(-strength.shear, strength.shear, count)
    shift = generator.uniform(-strength.shift, strength.shift, (count, 2)) * side

    rotation = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=-1).reshape(count, 2, 2)
    slant = np.tile(np.eye(2), (count, 1, 1))
    slant[:, 0, 1] = shear
    inverse = np.linalg.inv(rotation @ slant * stretch[:, None, :])  # (count, 2, 2)
    centre = np.full(2, side / 2)
    offset = centre - np.einsum("nij,nj->ni", inverse, centre + shift)
    return np.concatenate([inverse, offset[:, :, None]], axis=2).reshape(count, 6)


def thickened(picture: Image.Image, pixels: int) -> Image.Image:
    """Strokes grown by `pixels` on each side."""
    return picture.filter(ImageFilter.MaxFilter(2 * pixels + 1)) if pixels else picture


def distorted(picture: Image.Image, coefficients: np.ndarray, blur: float, size: int) -> np.ndarray:
    """One picture after an affine map and a blur (standard deviation in pixels), as size x size uint8."""
    mapped = picture.transform(
        picture.size, Image.Transform.AFFINE, tuple(coefficients.tolist()), resample=Image.Resampling.BILINEAR
    )
    return np.asarray(mapped.filter(ImageFilter.GaussianBlur(blur)).reduce(picture.width // size))


def full_contrast(images: np.ndarray) -> np.ndarray:
    """Stretch each uint8 image so that its brightest pixel is 255, as under a pen; black stays black."""
    peak = images.max(axis=(1, 2), keepdims=True).clip(1)
    return np.rint(images * (255 / peak)).astype(np.uint8)


def noisy(images: np.ndarray, noise: float, generator: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise of standard deviation `noise` (share of full intensity) to uint8 images."""
    if not noise:
        return images
    grain = generator.standard_normal(images.shape, dtype=np.float32) * (255 * noise)
    return np.clip(np.rint(images + grain), 0, 255).astype(np.uint8)
