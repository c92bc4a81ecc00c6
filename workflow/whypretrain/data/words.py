"""Words of a sentence: where they are, which token belongs to which, and which of them carry content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

#: Letters and digits with apostrophes, points and hyphens between them; any other sign is a word of its own.
_WORD = re.compile(r"\w+(?:['’.-]\w+)*|[^\w\s]")
#: A word in more than this fraction of the training sentences is a function word there, whatever the language.
COMMON = 0.1


def word_spans(text: str) -> list[tuple[int, int]]:
    """First character and end of each word; spaces separate words.

    Example:
        >>> [text[a:b] for text in ["It isn't good, is it?"] for a, b in word_spans(text)]
        ['It', "isn't", 'good', ',', 'is', 'it', '?']
    """
    return [found.span() for found in _WORD.finditer(text)]


def words_of_tokens(text: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
    """The word that each token belongs to, -1 for those that stand for no part of the sentence.

    A token belongs to the word that its last character is in: byte-level tokens begin with a space.

    Args:
        text: the sentence.
        offsets: first character and end of each token; equal for special tokens.

    Example:
        >>> words_of_tokens("unhappy me", [(0, 0), (0, 2), (2, 7), (8, 10), (0, 0)])
        [-1, 0, 0, 1, -1]
    """
    owner = {place: number for number, (start, end) in enumerate(word_spans(text)) for place in range(start, end)}
    return [owner.get(end - 1, -1) if end > start else -1 for start, end in offsets]


def owned_words(text: str, words: Iterable[int], owner: Iterable[int]) -> list[tuple[int, int, int]]:
    """First character, end and player of each word, -1 for words that are no players.

    Args:
        text: the sentence.
        words: the word that each token belongs to (see `words_of_tokens`).
        owner: the player of each token, and of the padding after them.

    Example:
        >>> owned_words("not good", [-1, 0, 1, 1, -1], [-1, -1, 0, 0, -1, -1])
        [(0, 3, -1), (4, 8, 0)]
    """
    player = dict(zip(map(int, words), map(int, owner), strict=False))
    return [(*span, player.get(number, -1)) for number, span in enumerate(word_spans(text))]


def sentence_shares(texts: Iterable[str]) -> dict[str, float]:
    """Fraction of the sentences that each word is in, by its lower-case form."""
    there = [{text[a:b].casefold() for a, b in word_spans(text)} for text in texts]
    counts = Counter(word for words in there for word in words)
    return {word: number / len(there) for word, number in counts.items()}


def by_content(text: str, shares: dict[str, float]) -> tuple[list[int], list[int]]:
    """Numbers of the content words of a sentence, and of the other words with a letter or digit, the rarest first.

    A content word has a letter or digit, and is in at most `COMMON` of the training sentences: the rule knows no
    language and no list of stop words.

    Args:
        text: the sentence.
        shares: of the training sentences (see `sentence_shares`).

    Example:
        >>> by_content("the film is dull.", {"the": 0.6, "film": 0.05, "is": 0.3, "dull": 0.01})
        ([1, 3], [2, 0])
    """
    words = [text[a:b].casefold() for a, b in word_spans(text)]
    lettered = [number for number, word in enumerate(words) if any(sign.isalnum() for sign in word)]
    content = [number for number in lettered if shares.get(words[number], 0.0) <= COMMON]
    others = sorted(set(lettered) - set(content), key=lambda number: (shares[words[number]], number))
    return content, others
