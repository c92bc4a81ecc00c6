"""The fonts that matplotlib ships, by family: which characters a face truly draws, and their pictures."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from whypretrain.errors import InputError

FAMILIES: dict[str, tuple[str, ...]] = {
    "DejaVu Sans": ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    "DejaVu Sans Mono": (
        "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique",
    ),
    "DejaVu Serif": ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    "STIX": ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    "Computer Modern": ("cmr10", "cmb10", "cmss10", "cmti10", "cmtt10", "cmmi10"),
}  # fmt: skip

_PROBE_SIZE = 48  # pixels; large enough that no character is mistaken for the missing-glyph box
_NO_CHARACTER = "\uffff"  # never assigned, so every font answers with its missing-glyph box


def faces(families: tuple[str, ...]) -> list[str]:
    """The faces (font files without suffix) of the families, in order.

    Raises:
        InputError: for an unknown family, or one that this matplotlib does not ship.
    """
    unknown = [family for family in families if family not in FAMILIES]
    if unknown or not families:
        raise InputError(f"fonts: unknown family {', '.join(unknown) or '(none)'}; there are {', '.join(FAMILIES)}")
    found = [face for family in families for face in FAMILIES[family]]
    absent = [face for face in found if not _path(face).is_file()]
    if absent:
        raise InputError(f"fonts: {_path(absent[0])} is missing; install matplotlib again")
    return found


def draws(face: str, character: str) -> bool:
    """Whether the face has a glyph for the character: neither blank nor the missing-glyph box."""
    if face.startswith("cm") and not (character.isascii() and character.isalpha()):
        return False  # beyond ASCII letters, Computer Modern's code points do not follow Unicode
    mask = _outline(face, character, _PROBE_SIZE)
    return mask.getbbox() is not None and mask.tobytes() != _missing(face)


@lru_cache(maxsize=1024)
def picture(face: str, character: str, side: int, longest: int) -> Image.Image:
    """The character in white on black, centred in a square, its longer edge scaled to `longest` pixels.

    Raises:
        InputError: if the character leaves no ink.
    """
    outline = _outline(face, character, side)
    box = outline.getbbox()
    if box is None:
        raise InputError(f"{face} draws nothing for U+{ord(character):04X}; use another font or character")
    ink = outline.crop(box)
    factor = longest / max(ink.size)
    width, height = (max(1, round(edge * factor)) for edge in ink.size)
    square = Image.new("L", (side, side))
    square.paste(ink.resize((width, height), Image.Resampling.BICUBIC), ((side - width) // 2, (side - height) // 2))
    return square


@cache
def _missing(face: str) -> bytes:
    return _outline(face, _NO_CHARACTER, _PROBE_SIZE).tobytes()


def _outline(face: str, character: str, size: int) -> Image.Image:
    """The character on a canvas with room on all sides, as an 8-bit mask."""
    canvas = Image.new("L", (3 * size, 3 * size))
    ImageDraw.Draw(canvas).text((1.5 * size, 1.5 * size), character, fill=255, font=_font(face, size), anchor="mm")
    return canvas


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_path(face)), size, layout_engine=ImageFont.Layout.BASIC)


def _path(face: str) -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")
