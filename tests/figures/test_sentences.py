"""Sentences with their strongest interactions: the words in boxes are the members, grey ones are no players."""

from __future__ import annotations

from synthetic_text import PLAYERS, SENTENCE

from whypretrain.figures import Settings, drawing
from whypretrain.figures.style import GREY, INK

QUICK = Settings(resamples=50)


def test_the_words_of_an_interaction_are_in_boxes(given_to):
    figure, table = drawing.draw("sentences", given_to("sentences"), QUICK)
    words = [text for text in figure.axes[0].texts if text.get_text() in SENTENCE.split()]
    assert len(words) == 3 * QUICK.pictures * len(SENTENCE.split())
    assert set(table.query("shows == 'sentence'")["coalition"]) == {5}  # players 0 and 2
    assert {text.get_text() for text in words if text.get_bbox_patch()} == {PLAYERS[0], PLAYERS[2]}
    assert {text.get_text() for text in words if text.get_color() == INK} == set(PLAYERS)
    assert {text.get_text() for text in words if text.get_color() == GREY} == set(SENTENCE.split()) - set(PLAYERS)
