"""Pictures that are decoded when they are needed, in pieces, so that memory does not grow with the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageOps

from whypretrain.data._pixels import fit
from whypretrain.errors import InputError
from whypretrain.progress import progress

_PIECE = 64 << 20  # bytes of decoded pictures that are held at once
_SHOWN = 20  # broken pictures that a message names

Opened = Callable[[int], Image.Image]


@dataclass(frozen=True)
class Pictures:
    """Undecoded pictures in the place of a uint8 array (N, channels, size, size).

    Attributes:
        opened: the picture of a number, perhaps still undecoded; raises OSError for a broken one.
        names: what a message calls each picture, by number.
        size: side of the decoded squares, pixels.
        channels: 1 (grey) or 3 (RGB).
        skip_broken: leave broken pictures out instead of refusing them.
        numbers: the pictures, in order; all by default.
    """

    opened: Opened
    names: Sequence[str]
    size: int
    channels: int
    skip_broken: bool = False
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape that all of them would have, decoded."""
        return len(self.numbers), self.channels, self.size, self.size

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice | np.ndarray) -> Pictures:
        return replace(self, numbers=self.numbers[rows])

    def pieces(self, broken: list[int], threads: int = 1) -> Iterator[np.ndarray]:
        """Decode in order, some at a time: uint8, (n, channels, size, size); the same for any number of threads.

        Rows of pictures that cannot be decoded are added to `broken`; they are in no piece.

        Raises:
            InputError: after the last piece, if there are broken ones and they are not to be skipped.
        """
        step = max(1, _PIECE // (self.channels * self.size**2))
        bar = progress(range(0, len(self), step), "images")
        reasons = []
        with ThreadPoolExecutor(max(1, threads)) as pool:
            for start in bar:
                found = list(pool.map(self._decoded, self.numbers[start : start + step]))
                broken += [start + row for row, one in enumerate(found) if isinstance(one, str)]
                reasons += [one for one in found if isinstance(one, str)]
                yield self._stacked([one for one in found if not isinstance(one, str)])
        if reasons and not self.skip_broken:
            raise InputError(_refusal(reasons))

    def _stacked(self, found: list[np.ndarray]) -> np.ndarray:
        return np.stack(found) if found else np.empty((0, *self.shape[1:]), np.uint8)

    def _decoded(self, number: int) -> np.ndarray | str:
        """The pixels, or what is wrong with the picture."""
        try:
            with self.opened(number) as picture:
                # A JPEG is then decoded at the smallest scale that is large enough, several times faster.
                picture.draft("RGB", (2 * self.size, 2 * self.size))
                return fit(ImageOps.exif_transpose(picture), size=self.size, channels=self.channels)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow raises any of these for a broken file
            return f"{self.names[number]} ({error})".replace("\n", " ")


def _refusal(reasons: list[str]) -> str:
    more = f" and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return (
        f"unreadable images, mend or remove them, or set on_broken: skip: {'; '.join(reasons[:_SHOWN])}{more}"
    )
