"""Words as players of a sentence: which are drawn, and where they are hidden - as tokens, or as embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whypretrain import models
from whypretrain.data import ImageSet
from whypretrain.data.words import by_content, sentence_shares
from whypretrain.errors import InputError
from whypretrain.interactions.players import PlayerSet
from whypretrain.interactions.scoring import Model
from whypretrain.models import Classifier
from whypretrain.runtime.seeds import generator

_ALL = slice(None)
_CHUNK = 256  # reference sentences that are embedded at a time


@dataclass(frozen=True)
class Tokens:
    """All tokens of a hidden word become one and the same token, for all networks.

    Attributes:
        hidden: number of that token: [MASK], or [PAD], which no network attends to.
    """

    hidden: int

    @property
    def identity(self) -> tuple[dict[str, Any], np.ndarray]:
        """What decides scores at this level, for their digest."""
        return {"level": "tokens"}, np.array([self.hidden])

    def batches(
        self, networks: Mapping[str, Classifier], inputs: dict[str, Any], rows: slice = _ALL
    ) -> Iterator[tuple[Mapping[str, Model], dict[str, Any]]]:
        """One batch for all networks; `inputs` are tokens (S, 1, L), players, and more."""
        yield networks, {**inputs, "baseline": inputs["images"].new_tensor(self.hidden)}


@dataclass(frozen=True)
class Embeddings:
    """The word embeddings of a hidden word become the mean over the tokens of reference sentences.

    Attributes:
        reference: int32, (R, 1, L), as a rule the training sentences.
        special: tokens that stand for no part of a sentence, and do not count.
    """

    reference: np.ndarray
    special: tuple[int, ...]

    @property
    def identity(self) -> tuple[dict[str, Any], np.ndarray]:
        """What decides scores at this level, for their digest."""
        return {"level": "embeddings"}, self.reference

    def batches(
        self, networks: Mapping[str, Classifier], inputs: dict[str, Any], rows: slice = _ALL
    ) -> Iterator[tuple[Mapping[str, Model], dict[str, Any]]]:
        """A batch for each network, which sees its own embeddings."""
        for name, model in networks.items():
            backbone: Any = model.backbone

            def rest(found: torch.Tensor, model: Any = model) -> torch.Tensor:
                return model.head(model.backbone.of_embedded(found))

            with torch.inference_mode():
                features, mean = backbone.embedded(inputs["images"]), self._mean(backbone)
            hidden = torch.cat([mean, mean.new_ones(1)]).view(1, -1, 1)  # it stays attended to
            yield {name: rest}, {**inputs, "images": features, "baseline": hidden}

    def _mean(self, backbone: Any) -> torch.Tensor:
        """(d,)."""
        counts = np.bincount(self.reference.ravel())
        counts[[number for number in self.special if number < len(counts)]] = 0
        used = np.flatnonzero(counts)
        weights = torch.tensor(counts[used] / counts.sum(), device=models.device())
        table = backbone.body.get_input_embeddings().weight
        return (weights[:, None] * table[torch.tensor(used, device=models.device())].double()).sum(0).float()


def level_of(baseline: str, sentences: ImageSet) -> Tokens | Embeddings:
    """What hides the words of a tokenised set; its training sentences give the mean embedding.

    Raises:
        InputError: for a baseline of pixels.
    """
    encoder = sentences.about["encoder"]
    if baseline == "embedding":
        return Embeddings(sentences.split("train").images, tuple(encoder["special"]))
    if baseline not in ("mask", "pad"):
        raise InputError(f"baseline {baseline!r} hides pixels: use mask, pad or embedding for words")
    return Tokens(int(encoder[baseline]))


def scorable(test: ImageSet, players: int, *, every: bool) -> ImageSet:
    """The sentences that can be scored: with as many words as players, or, where coalitions are sampled, any two.

    All sentences that are compared have equally many players: a shorter one is scored by an experiment of its own.

    Args:
        test: a tokenised set.
        players: n.
        every: whether all coalitions are scored.

    Raises:
        InputError: if there is none.
    """
    least = players if every else min(2, players)
    numbers = np.array([len(_candidates(row)) for _, row in test.manifest.iterrows()])
    found = np.flatnonzero(numbers >= least)
    if not len(found):
        raise InputError(f"players: no test sentence has {least} words, the longest {numbers.max()}; use fewer players")
    return test.take(found)


def by_length(sentences: ImageSet) -> ImageSet:
    """Shorter sentences first: those that are scored together are of one length, so that no padding is paid for."""
    lengths = [len(words) for words in sentences.manifest["words"]]
    return sentences.take(np.argsort(lengths, kind="stable"))


def word_players(
    sentences: ImageSet, training: ImageSet, players: int, *, every: bool, seed: object
) -> list[PlayerSet]:
    """The players of each sentence: words with all their tokens; special tokens and other words are background.

    Where all coalitions are scored, n content words are drawn at random; of a sentence with fewer, they are filled up
    by its rarest other words (see `data.words.by_content`). Where they are sampled, all words are players, up to
    `players` of them, and a sentence with fewer than others has players that hide nothing.

    Args:
        sentences: a tokenised set.
        training: the sentences in which frequent words are counted.
        players: n.
        every: whether all coalitions are scored.
        seed: names the draw, together with the id of each sentence.
    """
    shares = sentence_shares(training.manifest["text"])
    rows = [row for _, row in sentences.manifest.iterrows()]
    chosen = [_drawn(row, shares, players, every, seed) for row in rows]
    n = max(map(len, chosen))
    length = sentences.images.shape[-1]
    return [PlayerSet(_owner(row["words"], words, length), number=n) for row, words in zip(rows, chosen, strict=True)]


def _candidates(row: Any) -> list[int]:
    """Words of a sentence that can be players: those with a letter or digit, and a token."""
    content, others = by_content(row["text"], {})
    return sorted({*content, *others} & set(map(int, row["words"])))


def _drawn(row: Any, shares: dict[str, float], players: int, every: bool, seed: object) -> list[int]:
    """Numbers of the words that are players, in the order of the sentence."""
    there = set(_candidates(row))
    content, others = ([word for word in words if word in there] for words in by_content(row["text"], shares))
    if not every:
        return sorted([*content, *others])[:players]
    draw = generator(seed, "players", row["id"])
    if len(content) > players:
        return sorted(int(word) for word in draw.choice(content, players, replace=False))
    return sorted([*content, *others][:players])


def _owner(words: Any, chosen: list[int], length: int) -> np.ndarray:
    """The player at each position, (L,)."""
    player = {word: number for number, word in enumerate(chosen)}
    found = np.full(length, -1)
    found[: len(words)] = [player.get(int(word), -1) for word in words]
    return found
