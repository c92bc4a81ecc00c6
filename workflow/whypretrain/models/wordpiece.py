"""A WordPiece vocabulary by merging pairs: the trainer of `tokenizers` breaks ties at random, this one by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

INSIDE = "##"


def wordpieces(words: Mapping[str, int], size: int) -> list[str]:
    """At most `size` pieces for words with their counts: all letters, then merged pairs, the most frequent first.

    A letter or piece inside a word begins with `##`. Pairs of equal count are taken in alphabetical order, so that the
    same words give the same pieces.

    Args:
        words: count of each word.
        size: of the vocabulary, special tokens not counted.

    Example:
        >>> wordpieces({"low": 5, "lower": 2, "new": 3}, 9)
        ['##e', '##o', '##r', '##w', 'l', 'n', '##ow', 'low', '##ew']
    """
    pieces = {word: [word[0], *(INSIDE + letter for letter in word[1:])] for word in words}
    found = sorted({piece for parts in pieces.values() for piece in parts})[:size]
    counts, where = Counter[tuple[str, str]](), dict[tuple[str, str], set[str]]()
    for word, parts in pieces.items():
        for pair in pairwise(parts):
            counts[pair] += words[word]
            where.setdefault(pair, set()).add(word)
    there = set(found)
    while len(found) < size and counts:
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merged = best[0] + best[1].removeprefix(INSIDE)
        if merged not in there:
            there.add(merged)
            found.append(merged)
        for word in where.pop(best):
            _merge(word, best, merged, pieces, counts, where, words[word])
        del counts[best]
    return found


def _merge(
    word: str,
    best: tuple[str, str],
    merged: str,
    pieces: dict[str, list[str]],
    counts: Counter[tuple[str, str]],
    where: dict[tuple[str, str], set[str]],
    number: int,
) -> None:
    """Put the merged piece in place of the pair in one word, and count the word's pairs anew."""
    parts = pieces[word]
    for pair in pairwise(parts):
        counts[pair] -= number
        if pair != best:
            where[pair].discard(word)
            if counts[pair] <= 0:
                del counts[pair], where[pair]
    joined: list[str] = []
    for part in parts:
        if joined and (joined[-1], part) == best:
            joined[-1] = merged
        else:
            joined.append(part)
    pieces[word] = joined
    for pair in pairwise(joined):
        counts[pair] += number
        where.setdefault(pair, set()).add(word)
