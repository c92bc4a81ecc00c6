"""Batches that do not fit into memory: computed in parts, their gradients added up."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.runtime.files import leads

T = TypeVar("T")
Batch = tuple[Tensor, ...]  # tensors with one row an image


class Halving:
    """How many parts a batch is computed in: those it begins with, twice as many when memory runs out.

    The gradient of a mean over the batch is that of the means over its parts, weighted by their sizes, so the result is
    the same up to rounding. Only BatchNorm sees the parts by themselves, and so does the mean over confident
    pseudo-labels where `consistency_threshold` leaves some out.

    Args:
        parts: at the beginning.
        any_of: of several processes that halve together: whether memory ran out in any of them.
    """

    def __init__(self, parts: int = 1, any_of: Callable[[bool], bool] = bool) -> None:
        self.parts, self._any_of = parts, any_of

    def __call__(self, compute: Callable[[int], T], images: int) -> T:
        """`compute(parts)`, again with twice as many parts whenever memory runs out; a part has one image at least.

        Raises:
            InputError: if memory does not suffice for a single image.
        """
        while True:
            reason = ""
            try:
                found = compute(min(self.parts, images))
            except torch.OutOfMemoryError as error:
                reason = str(error).partition(".")[0] or "out of memory"
            if not self._any_of(bool(reason)):
                return found
            if self.parts >= images:
                raise InputError(f"too little memory for one image a time ({reason}); give a smaller model or image")
            self.parts *= 2
            if leads():
                print(f"out of memory: batches of {images} now run in {min(self.parts, images)} parts", file=sys.stderr)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def mapped(self, function: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        """`function(batch)`, for a function of each row by itself.

        Raises:
            InputError: if memory does not suffice for a single row.
        """

        def compute(parts: int) -> Tensor:
            return torch.cat([function(part) for part in batch.tensor_split(parts)])

        return self(compute, len(batch))


def parts_within(micro_batch: int | None, rows: Sequence[int]) -> int:
    """Least number of parts of batches with so many rows, none of which holds more than `micro_batch` rows.

    Every part has a row of every batch: there are no more parts than the smallest batch has rows.

    Example:
        >>> parts_within(32, [64, 64]), parts_within(32, [2, 200]), parts_within(None, [64])
        (4, 2, 1)
    """
    most = math.inf if micro_batch is None else micro_batch
    enough = (parts for parts in range(1, min(rows)) if sum(-(-size // parts) for size in rows) <= most)
    return next(enough, min(rows))


def parted(parts: int, *batches: Batch) -> Iterator[list[tuple[Batch, float]]]:
    """Each part of all batches, with its share of the batch's rows.

    Example:
        >>> [(part[0].tolist(), share) for [(part, share)] in parted(2, (torch.arange(3),))]
        [([0, 1], 0.6666666666666666), ([2], 0.3333333333333333)]
    """
    split = [zip(*(tensor.tensor_split(parts) for tensor in batch), strict=True) for batch in batches]
    for each in zip(*split, strict=True):
        yield [(part, len(part[0]) / len(whole[0])) for part, whole in zip(each, batches, strict=True)]
