"""Seeds: every random choice is named, and its name and the config's seed decide it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def seed_of(*name: object) -> int:
    """A 63-bit seed for the random choice called `name`, e.g. `seed_of(0, "digits", "few-shot subset")`.

    SHA-256 of the parts' text, so that two choices never share a stream and no choice depends on the order of calls.
    """
    text = "\x1f".join(str(part) for part in name)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(*name: object) -> np.random.Generator:
    """A NumPy generator for the random choice called `name` (see `seed_of`)."""
    import numpy as np  # 0.2 s, which reading a config does not need

    return np.random.default_rng(seed_of(*name))
