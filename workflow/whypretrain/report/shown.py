"""A sample as the page shows it, with some of its players marked: a picture with outlines, or a sentence with words."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from PIL import Image

from whypretrain.data.words import owned_words

SIDE = 160  # pixels of a thumbnail's longer side
PLAIN = 64  # pixels of a side up to which a thumbnail keeps every pixel, as PNG; larger ones are JPEG


def thumbnail(image: np.ndarray) -> str:
    """A small picture as a data URI.

    Args:
        image: uint8, (C, H, W), of one or three channels.
    """
    picture = Image.fromarray(image[0] if len(image) == 1 else np.ascontiguousarray(np.moveaxis(image, 0, -1)))
    name = "png" if max(picture.size) <= PLAIN else "jpeg"
    picture.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    picture.save(file, name, **({"optimize": True} if name == "png" else {"quality": 80}))
    return f"data:image/{name};base64,{base64.b64encode(file.getvalue()).decode()}"


@dataclass(frozen=True)
class Picture:
    """An image and the player of each pixel.

    Attributes:
        image: uint8, (C, H, W).
        owner: (H, W), -1 for the background.
    """

    image: np.ndarray
    owner: np.ndarray
    is_text = False

    @property
    def players(self) -> list[int]:
        """All of them."""
        return list(range(self.owner.max() + 1))

    @cached_property
    def uri(self) -> str:
        """The thumbnail."""
        return thumbnail(self.image)

    def outline(self, players: Sequence[int]) -> str:
        """The border of each player, as the path of an SVG in the image's pixels."""
        return "".join(border(self.owner == player) for player in players)

    def veil(self, players: Sequence[int]) -> str:
        """All that is none of these players, as a path."""
        return "".join(_rectangles(~np.isin(self.owner, players)))

    def names(self, players: Sequence[int]) -> list[str]:
        """Where each player is: its row and column, where all players are cells of one grid, else its number."""
        boxes = [_box(self.owner == player) for player in self.players]
        sizes = {(bottom - top, right - left) for top, left, bottom, right in boxes}
        height, width = sizes.pop()
        covered = (self.owner >= 0).sum() == len(boxes) * height * width
        if sizes or not covered or any(top % height or left % width for top, left, *_ in boxes):
            return [f"part {player + 1}" for player in players]
        return [f"row {boxes[player][0] // height + 1}, column {boxes[player][1] // width + 1}" for player in players]


@dataclass(frozen=True)
class Sentence:
    """A sentence and the player of each token.

    Attributes:
        text: the sentence.
        words: the word that each token belongs to, -1 for special tokens.
        owner: the player of each position, -1 for the background.
    """

    text: str
    words: Sequence[int]
    owner: np.ndarray
    is_text = True

    def marked(self, players: Sequence[int]) -> list[tuple[str, str, str]]:
        """The sentence in pieces: what is before a word; the word; `member`, `player`, or nothing."""
        owned = owned_words(self.text, self.words, self.owner)
        starts = [0, *(end for _, end, _ in owned)]
        roles = ["member" if player in players else "player" if player >= 0 else "" for *_, player in owned]
        return [
            (self.text[before:start], self.text[start:end], role)
            for before, (start, end, _), role in zip(starts, owned, roles, strict=False)
        ]

    def names(self, players: Sequence[int]) -> list[str]:
        """The words, in the order of the sentence."""
        return [word for _, word, role in self.marked(players) if role == "member"]


def border(mask: np.ndarray) -> str:
    """The border of a part of an image, (H, W), as a path: a line for every straight piece."""
    padded = np.pad(mask, 1)
    across = _runs(np.diff(padded, axis=0)[:, 1:-1])
    down = _runs(np.diff(padded, axis=1)[1:-1].T)
    return "".join([*(f"M{x} {y}H{end}" for y, x, end in across), *(f"M{x} {y}V{end}" for x, y, end in down)])


def _rectangles(mask: np.ndarray) -> Iterator[str]:
    """A part of an image as rectangles; equal rows make one."""
    changes = np.flatnonzero((mask[1:] != mask[:-1]).any(axis=1)) + 1
    for top, bottom in pairwise([0, *map(int, changes), len(mask)]):
        for _, left, right in _runs(mask[top : top + 1]):
            yield f"M{left} {top}H{right}V{bottom}H{left}Z"


def _runs(mask: np.ndarray) -> list[tuple[int, int, int]]:
    """(row, start, end) of every run of True in the rows."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    return list(zip(rows.tolist(), starts.tolist(), np.nonzero(steps == -1)[1].tolist(), strict=True))


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Top, left, bottom, right."""
    rows, columns = np.nonzero(mask)
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1
