"""Text of figures as it is written: names are no mathematics, and characters come from fonts that have them."""

from __future__ import annotations

import re
import sys
from functools import cache

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.text import Text

from whypretrain.figures.style import RC

_MATHEMATICS = r"\mathdefault"  # what matplotlib itself writes on logarithmic axes
_BREAK = re.compile(" (?!%)")  # where a line may end
_SLACK = 1.02  # hinting and kerning, which widths of single characters leave out
_EM = 100.0  # size at which characters are measured


def letter(figure: Figure) -> None:
    """Draw dollar signs as they are, and characters that the font lacks with an installed one; remark on the rest."""
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text) and _MATHEMATICS not in text.get_text()]
    for text in texts:
        if "$" in text.get_text():
            text.set_parse_math(False)
    wanted = {character for text in texts for character in text.get_text() if character.isprintable()}
    own = _characters(font_manager.findfont(RC["font.family"]))
    if not (lacking := wanted - own):
        return
    families = fallbacks(lacking)
    for text in texts:
        if lacking & set(text.get_text()):
            text.set_fontfamily([RC["font.family"], *families])
    if without := sorted(lacking.difference(*families.values())):
        print(
            f"no installed font has {' '.join(without[:20])}: boxes are drawn in their place; "
            "install one, e.g. Noto Sans CJK, and remove .cache/matplotlib",
            file=sys.stderr,
        )


def wrapped(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Lines of a text that fit `width` inches at `size` points; a number and its percent sign stay together."""
    lines: list[str] = []
    for word in _BREAK.split(text):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in inches, at `size` points."""
    return sum(_advance(character, bold) for character in text) * size / 72 * _SLACK


def fallbacks(lacking: set[str]) -> dict[str, frozenset[str]]:
    """Installed fonts with as many of these characters as any have, those with most first, and what each has."""
    fonts = {
        font.name: _characters(font.fname)
        for font in sorted(font_manager.fontManager.ttflist, key=lambda font: (font.name, font.fname), reverse=True)
        if font.style == "normal" and not font.name.startswith("Last Resort")  # which has boxes for all of Unicode
    }
    chosen: dict[str, frozenset[str]] = {}
    while best := max(sorted(fonts), key=lambda name: len(lacking & fonts[name]), default=None):
        if not lacking & fonts[best]:
            break
        chosen[best] = fonts[best]
        lacking = lacking - fonts[best]
    return chosen


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of a character in units of the font's size; of one that the font lacks, one unit."""
    properties = font_manager.FontProperties(family=RC["font.family"], weight="bold" if bold else "normal")
    font = font_manager.get_font(font_manager.findfont(properties))
    if not font.get_char_index(ord(character)):
        return 1.0
    font.set_size(_EM, 72)
    return float(font.load_char(ord(character), flags=LoadFlags.NO_HINTING).linearHoriAdvance) / 65536 / _EM


@cache
def _characters(file: str) -> frozenset[str]:
    """The characters of a font's file; none of one that cannot be read."""
    try:
        return frozenset(map(chr, FT2Font(file).get_charmap()))
    except (RuntimeError, OSError, ValueError):
        return frozenset()
