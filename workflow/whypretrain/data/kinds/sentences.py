"""Kind `sentences`: generated sentences of praise and blame, with negations and intensifiers."""

from __future__ import annotations

import numpy as np

from whypretrain.config.datasets import DataSet
from whypretrain.config.section import Count
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind, Size
from whypretrain.data.rows import Row, split_rows
from whypretrain.runtime.seeds import generator

CLASSES = ("negative", "positive")
_SUBJECTS = ("function", "statement", "module", "expression", "object", "method", "value", "name", "class", "variable")
_PLACES = ("in this example", "in the program", "at this point", "for most users", "by default", "of the language")
_JUDGED = {
    "positive": ("useful", "correct", "valid", "simple", "available", "equal"),
    "negative": ("invalid", "empty", "undefined", "hidden", "different", "ambiguous"),
}
_DEGREES = ("very", "really", "also", "always", "usually", "currently")


class Options(DataSet):
    """The SUBJECT in this example is [not] very ADJECTIVE: the adjective decides, and a negation turns it round."""

    train_sentences: Count = 400
    """generated sentences for training"""
    test_sentences: Count = 200
    """generated sentences for testing"""


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Half of the sentences are negated, so that no word decides alone; words are drawn evenly."""
    draw = generator(seed, "sentences")
    rows, there = list[Row](), set[str]()
    while len(rows) < options.train_sentences + options.test_sentences:
        row = _sentence(draw, len(rows))
        if row.text not in there:
            there.add(row.text)
            rows.append(row)
    train, test = rows[: options.train_sentences], rows[options.train_sentences :]
    return split_rows(train, test, 0.5, classes=CLASSES, seed=seed, what="the generated sentences")


def _sentence(draw: np.random.Generator, number: int) -> Row:
    side, negated = CLASSES[number % 2], bool(number // 2 % 2)
    subject, place, degree = (str(draw.choice(words)) for words in (_SUBJECTS, _PLACES, _DEGREES))
    adjective = str(draw.choice(_JUDGED[CLASSES[CLASSES.index(side) ^ negated]]))
    words = ["The", subject, place, "is", *(["not"] if negated else []), degree, adjective]
    return Row(" ".join(words) + " .", side, f"sentence {number}")


KIND = Kind(
    Options,
    make,
    source="sentences generated here",
    licence="unrestricted",
    size=lambda options: Size(options.train_sentences, options.test_sentences, 2),
    text=True,
)
