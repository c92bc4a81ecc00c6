"""From any picture to a square of the wanted size and number of channels."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

_ORIENTATION = 0x0112  # EXIF's number for it
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS, _PHOTOMETRIC = 258, 262  # TIFF's numbers for them


def fit(
    picture: Image.Image, *, size: int, channels: int, background: str = "white", white: float | None = None
) -> np.ndarray:
    """Turn upright, resize the shorter side to `size` (bicubic), crop the centre; grey for one channel, RGB for three.

    Transparent pixels show the colour `background`. Pixels of more than 8 bits are divided by `white`, or by the
    largest value of a type of up to 16 bits.

    Returns:
        uint8, shape (channels, size, size).

    Raises:
        ValueError: if pixels are negative, not finite, above `white`, or have more than 16 bits and no `white`.
    """
    picture.load()  # TIFF pictures are turned by Pillow meanwhile, and then say so
    turn = _turn(picture)
    converted = _opaque(_eight_bits(picture, white), background).convert("L" if channels == 1 else "RGB")
    turned = converted if turn is None else converted.transpose(turn)
    pixels = np.asarray(ImageOps.fit(turned, (size, size), method=Image.Resampling.BICUBIC))
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What its EXIF orientation asks for; whatever else is wrong in EXIF does not matter."""
    try:
        return _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged block of EXIF is no reason to lose the picture
        return None


def _eight_bits(picture: Image.Image, white: float | None) -> Image.Image:
    """Pixels of more than 8 bits scaled to 0..255; any other picture as it is."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.asarray(picture)
    low, high = values.min(), values.max()
    if not np.isfinite([low, high]).all() or low < 0:
        raise ValueError(f"pixels from {low} to {high}; write it with values from 0 on")
    top = white or _largest(picture, high)
    if high > top:
        raise ValueError(f"pixels of up to {high}, above white: {top:g}; raise it")
    scaled = np.rint(values.astype(np.float32) * np.float32(255 / top)).astype(np.uint8)
    tags = getattr(picture, "tag_v2", {})
    if tags.get(_PHOTOMETRIC) == 0:  # a TIFF file whose 0 is white
        scaled = 255 - scaled
    grey = Image.fromarray(scaled)
    if isinstance(clear := picture.info.get("transparency"), int):
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return grey


def _largest(picture: Image.Image, high: float) -> float:
    """What is white in a picture of more than 8 bits, by its type."""
    if picture.mode.startswith("I;16"):
        return float(2 ** getattr(picture, "tag_v2", {}).get(_BITS, (16,))[0] - 1)
    if picture.mode == "I" and picture.format in ("PNG", "PPM"):  # Pillow widens their 16 bits
        return 65535.0
    if picture.mode == "I" and high <= 255:
        return 255.0
    kind = "numbers" if picture.mode == "F" else "whole numbers"
    raise ValueError(f"32-bit {kind} of up to {high:g}; set white: to the value that is white")


def _opaque(picture: Image.Image, background: str) -> Image.Image:
    """The picture over a ground of one colour, where it has transparency."""
    if not picture.has_transparency_data:
        return picture
    ground = Image.new("RGBA", picture.size, background)
    ground.alpha_composite((picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA"))
    return ground.convert("RGB")
