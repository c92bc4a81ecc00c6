"""The characters that glyph data sets are made of: one block a concept. None holds a decimal digit.

Order matters: of characters that look alike (Latin O, Greek omicron, Cyrillic O) the block named first in the
config keeps its own. Greek and Cyrillic leave out what Latin has; symbols are those readable at 16 pixels.
"""

from __future__ import annotations

SCRIPTS: dict[str, str] = {
    "latin": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "greek": "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθλμξπρσςτυφχψω",
    "cyrillic": "БГДЖЗИЛПФЦЧШЩЪЫЬЭЮЯбвдзлфя",
    "armenian": "ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ",
    "georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "arrows": "←↑→↓↔↕↖↗↘↙↩↪↺↻⇐⇑⇒⇓⇔⇦⇧⇨⇩",
    "mathematics": "∀∂∃∅∇∈∉∋∏∑√∝∞∠∧∨∩∪∫∴∼≈≠≡≤≥⊂⊃⊆⊕⊗⊢⊥⋈",
    "geometry": "■□▲△▶▷▼▽◀◁◆◇○●◐◑◢◣◤◥★☆",
    "currency": "$¢£¥€₣₤₦₨₩₪₫₭₮₱₲₴₵₹₽",
    "music": "♩♪♫♬♭♮♯",
    "chess": "♔♕♖♗♘♙♚♛♜♝♞♟",
    "cards": "♠♡♢♣♤♥♦♧",
    "box drawing": "─│┌┐└┘├┤┬┴┼╱╲╳╭╮╯╰",
}
