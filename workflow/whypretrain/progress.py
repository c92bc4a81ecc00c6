"""Progress of long loops: a bar on a terminal, nothing in a log file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

from whypretrain.files import leads

T = TypeVar("T")


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterable[T]:
    """Iterate over `items`, with a progress bar where standard error is a terminal."""
    shown = sys.stderr.isatty() and leads()
    return tqdm(items, desc=label, total=total, disable=not shown, leave=False)
