"""Rows of a data set in contiguous shards: one job each, gathered to the bytes of one job for all."""

from __future__ import annotations

import re
from dataclasses import dataclass

from whypretrain.errors import InputError


@dataclass(frozen=True)
class Shard:
    """Shard `number`, from 1, of so many."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that Snakemake calls `2-of-3`.

        Raises:
            InputError: for any other text.
        """
        found = re.fullmatch(r"(\d+)-of-(\d+)", text)
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            raise InputError(f"shard {text!r}: use NUMBER-of-SHARDS, e.g. 2-of-3")
        return cls(number, of)

    def rows(self, total: int, together: int) -> slice:
        """Its rows of `total`: cut where a run without shards begins a batch of `together` rows.

        What is left over behind the last whole batch goes with that. Of fewer batches than shards, some are empty.

        Example:
            >>> [Shard(number, 3).rows(13, 2) for number in (1, 2, 3)]
            [slice(0, 4, None), slice(4, 8, None), slice(8, 13, None)]
        """
        batches = max(1, total // together)
        first, end = (batches * number // self.of * together for number in (self.number - 1, self.number))
        return slice(first, end if self.number < self.of else total)


WHOLE = Shard()
