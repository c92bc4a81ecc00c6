"""Pictures that are decoded when they are needed, in pieces, so that memory does not grow with the data set."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from whypretrain.config.datasets import OnDisk
from whypretrain.data._pixels import fit
from whypretrain.errors import InputError
from whypretrain.runtime.progress import progress

_PIECE = 64 << 20  # bytes of decoded pictures that are held at once
_SHOWN = 20  # broken pictures that a message names
_NOT_READ = {"EPS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF"}  # run another program, or are known by name alone

Opened = Callable[[int], Image.Image]


@cache
def formats() -> tuple[str, ...]:
    """Names of the formats that are read: all that Pillow decodes by itself."""
    Image.init()
    return tuple(name for name in Image.ID if name not in _NOT_READ)


@cache
def endings() -> frozenset[str]:
    """Endings of files in these formats, with the dot, in lower case."""
    found = Image.registered_extensions()
    return frozenset(ending for ending, name in found.items() if name in {*formats(), "MPO"})


def open_picture(file: Path | IO[bytes]) -> Image.Image:
    """The picture in a file, undecoded."""
    return Image.open(file, formats=formats())


def is_picture(file: Path) -> bool:
    """Whether the first bytes of a file are those of a picture, whatever its name is."""
    known = tuple(name for name in formats() if Image.OPEN[name][1])  # the others have no such bytes
    try:
        with _limited(sys.maxsize), Image.open(file, formats=known):
            return True
    except Exception:  # whatever it is, it is no picture
        return False


@dataclass(frozen=True)
class Pictures:
    """Undecoded pictures in the place of a uint8 array (N, channels, size, size).

    Attributes:
        opened: the picture of a number, perhaps still undecoded; raises any exception for a broken one.
        names: what a message calls each picture, by number.
        size: side of the decoded squares, pixels.
        channels: 1 (grey) or 3 (RGB).
        options: how they are read.
        numbers: the pictures, in order; all by default.
    """

    opened: Opened
    names: Sequence[str]
    size: int
    channels: int
    options: OnDisk
    numbers: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape that all of them have, decoded."""
        return len(self.numbers), self.channels, self.size, self.size

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice | np.ndarray) -> Pictures:
        return replace(self, numbers=self.numbers[rows])

    def pieces(self, threads: int = 1) -> Iterator[np.ndarray]:
        """Decode in order, some at a time: uint8, (n, channels, size, size); the same for any number of threads.

        Raises:
            InputError: after the last piece, if any cannot be decoded; the pieces lack those.
        """
        reasons = list[str]()
        for found in self._read(threads):
            reasons += [one for one in found if isinstance(one, str)]
            yield self._stacked([one for one in found if not isinstance(one, str)])
        if reasons:
            raise InputError(_refusal(reasons))

    def broken(self, threads: int = 1) -> dict[int, str]:
        """Rows of the pictures that cannot be decoded, with what is wrong with each."""
        found = (one for piece in self._read(threads) for one in piece)
        return {row: one for row, one in enumerate(found) if isinstance(one, str)}

    def _read(self, threads: int) -> Iterator[list[np.ndarray | str]]:
        """The pixels of each picture, or what is wrong with it, some pictures at a time."""
        step = max(1, _PIECE // (self.channels * self.size**2))
        with ThreadPoolExecutor(max(1, threads)) as pool:
            for start in progress(range(0, len(self), step), "images"):
                with _limited(self.options.max_pixels):
                    found = list(pool.map(self._decoded, self.numbers[start : start + step]))
                yield found

    def _stacked(self, found: list[np.ndarray]) -> np.ndarray:
        return np.stack(found) if found else np.empty((0, *self.shape[1:]), np.uint8)

    def _decoded(self, number: int) -> np.ndarray | str:
        """The pixels, or what is wrong with the picture."""
        options = self.options
        try:
            with self.opened(number) as picture:
                # A JPEG is then decoded at the smallest scale that is large enough, several times faster.
                picture.draft("RGB", (2 * self.size, 2 * self.size))
                shape = {"size": self.size, "channels": self.channels}
                return fit(picture, **shape, background=options.background, white=options.white)
        except Image.DecompressionBombError:
            reason = f"more than max_pixels: {options.max_pixels}; raise it"
        except Exception as error:  # damaged files make Pillow raise nearly anything
            reason = str(error) or type(error).__name__
        return " ".join(f"{self.names[number]} ({reason})".splitlines())


@contextmanager
def _limited(pixels: int) -> Iterator[None]:
    """Within this, Pillow refuses larger pictures, and is silent about all others; its warnings name no file."""
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = -(-pixels // 2)  # it refuses more than twice as many
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _refusal(reasons: list[str]) -> str:
    more = f" and {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
    return f"unreadable images; fix or remove them, or set on_broken: skip: {'; '.join(reasons[:_SHOWN])}{more}"
