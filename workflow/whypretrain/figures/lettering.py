"""Text of figures as it is written: names are no mathematics, and characters come from fonts that have them."""

from __future__ import annotations

import sys
from functools import cache

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from whypretrain.figures.style import RC

_MATHEMATICS = r"\mathdefault"  # what matplotlib itself writes on logarithmic axes


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
def _characters(file: str) -> frozenset[str]:
    """The characters of a font's file; none of one that cannot be read."""
    try:
        return frozenset(map(chr, FT2Font(file).get_charmap()))
    except (RuntimeError, OSError, ValueError):
        return frozenset()
