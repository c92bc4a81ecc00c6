"""Kind `pydoc`: sentences of Python's language reference, which every Python has in `pydoc_data`."""

from __future__ import annotations

import platform
import re
from dataclasses import replace

from whypretrain.config.datasets import DataSet, HeldOut
from whypretrain.config.section import Count
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind
from whypretrain.data.rows import Row, split_rows

_SENTENCE = re.compile(r"(?<=[.:!?])\s+(?=[A-Z\"])")
_CODE = re.compile(r"::=|>>>|[{}=|\\_]{2}|\.\.\.")


class Options(DataSet):
    """Sentences of the language reference, a class a topic; an English text of some 10^5 words to pre-train on."""

    topics: Count = 40
    """topics with the most sentences, each a class"""
    shortest: Count = 5
    """words of the shortest sentence that is taken"""
    longest: Count = 24
    """words of the longest"""
    test_fraction: HeldOut = 0.1
    """fraction held out"""


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Sentences without lines of code; their version is Python's, in data.json."""
    from pydoc_data.topics import topics

    found, there = dict[str, list[str]](), set[str]()
    for name, text in topics.items():  # topics share paragraphs
        found[name] = [each for each in _sentences(text, options) if each not in there]
        there |= set(found[name])
    largest = sorted(found, key=lambda name: (-len(found[name]), name))[: options.topics]
    rows = [
        Row(text, name, f"{name} {number}")
        for name in sorted(largest)
        if len(found[name]) > 1
        for number, text in enumerate(found[name], 1)
    ]
    made = split_rows(rows, None, options.test_fraction, seed=seed, what="the language reference")
    return replace(made, about={"version": f"Python {platform.python_version()}"})


def _sentences(text: str, options: Options) -> list[str]:
    """Sentences of the paragraphs that are not set in as code is, each once."""
    prose = [" ".join(each.split()) for each in re.split(r"\n\s*\n", text) if not each.startswith("   ")]
    parts = [part.strip() for paragraph in prose for part in _SENTENCE.split(paragraph)]
    fitting = [each for each in parts if options.shortest <= len(each.split()) <= options.longest]
    return list(dict.fromkeys(each for each in fitting if not _CODE.search(each)))


KIND = Kind(Options, make, source="Python's language reference (pydoc_data)", licence="PSF License", text=True)
