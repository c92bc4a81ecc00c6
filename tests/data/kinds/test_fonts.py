"""Which face draws what, against the fonts' own character tables."""

from __future__ import annotations

import numpy as np
import pytest
from fontTools.ttLib import TTFont

from whypretrain.data.kinds import fonts
from whypretrain.data.kinds.scripts import SCRIPTS
from whypretrain.errors import InputError

UNICODE_FAMILIES = ("DejaVu Sans", "DejaVu Serif", "STIX")


@pytest.mark.parametrize("face", fonts.faces(UNICODE_FAMILIES))
def test_draws_agrees_with_the_character_table(face):
    table = TTFont(fonts._path(face)).getBestCmap()
    characters = "".join(SCRIPTS[script] for script in ("hebrew", "georgian", "chess", "currency", "music"))
    wrong = [c for c in characters if fonts.draws(face, c) != (ord(c) in table)]
    assert wrong == []


def test_computer_modern_draws_only_latin_letters():
    assert fonts.draws("cmr10", "A")
    assert not fonts.draws("cmr10", "Γ")
    assert not fonts.draws("cmr10", "$")


def test_blank_is_not_drawn():
    assert not fonts.draws("DejaVuSans", " ")
    with pytest.raises(InputError, match=r"DejaVuSans draws nothing for U\+0020"):
        fonts.picture("DejaVuSans", " ", 32, 28)


@pytest.mark.parametrize("character", "Wil→ჰ")
def test_picture_is_centred_and_fills_the_length(character):
    ink = np.argwhere(np.asarray(fonts.picture("DejaVuSans", character, 64, 56)) > 40)
    low, high = ink.min(axis=0), ink.max(axis=0)
    assert 54 <= (high - low + 1).max() <= 56
    assert np.all(np.abs((low + high) / 2 - 31.5) <= 1.5)


def test_unknown_family_lists_the_families():
    with pytest.raises(InputError, match=r"unknown family Comic; there are DejaVu Sans, .*Computer Modern"):
        fonts.faces(("Comic",))
