"""What a benchmark declares: two ways to the same result, and what is claimed of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np

#: The scripts, in the order of the page.
NAMES = (
    "moebius",
    "coalition_scores",
    "and_or",
    "low_order",
    "stir",
    "cka",
    "unbalanced_ot",
    "streaming_selection",
    "training_step",
    "rates",
    "experiment",
    "scaling",
    "stages",
)


@dataclass(frozen=True)
class Pair:
    """Our call and the peer's on the same inputs, and how far their outputs differ."""

    ours: Callable[[], Any]
    theirs: Callable[[], Any] | None = None
    difference: Callable[[Any, Any], float] = lambda ours, theirs: relative(ours, theirs)
    note: Callable[[Any, Any], str] = lambda ours, theirs: ""


@dataclass(frozen=True)
class Case:
    """One row of a table.

    Attributes:
        size: what is computed, in words and numbers.
        build: makes the inputs, in the process that measures.
        peer: what it is compared with; "" for our time alone.
        aim: least ratio of the peer's time to ours.
        limit: most seconds of ours.
        tolerance: largest difference of outputs that counts as the same.
        share: of the work that one call of the peer does; its time is divided by it.
        package: distribution of the peer, for its version; `needs` is its module.
        threads: thread limits under which the case is measured.
        memory: whether the peak memory of either side is measured, too.
        suspect: why the peer's output may be wrong; then it is not timed where it is.
        why: what keeps the ratio below its aim, said where it is.
        images, operations: of one call of ours, for its rate; 0: not told.
        curve, x: the curve of cost against x that our time is a point of.
    """

    size: str
    build: Callable[[], Pair]
    peer: str = ""
    aim: float | None = None
    limit: float | None = None
    tolerance: float = 1e-9
    share: float = 1.0
    package: str = ""
    needs: str = ""
    threads: tuple[int, ...] = (1, 2)
    memory: bool = False
    suspect: str = ""
    why: str = ""
    images: int = 0
    operations: float = 0.0
    curve: str = ""
    x: float = 0.0

    @property
    def name(self) -> str:
        """Size and peer."""
        return f"{self.size}, {self.peer}" if self.peer else self.size

    @property
    def absent(self) -> str:
        """The peer's module, if it is not installed."""
        return self.needs if self.needs and find_spec(self.needs) is None else ""

    @property
    def peer_version(self) -> str:
        """Name and version of the peer's distribution."""
        try:
            return f"{self.package} {version(self.package)}" if self.package else ""
        except PackageNotFoundError:
            return ""


def cases(name: str, *, quick: bool) -> Iterator[Case]:
    """The cases that a script declares; none of a script that has rows of its own kind."""
    yield from getattr(import_module(f"benchmarks.{name}"), "cases", lambda quick: ())(quick)


def relative(ours: Any, theirs: Any) -> float:
    """Largest absolute difference over the largest size of an expected value; infinite for NaN."""
    found, expected = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    error = np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-300)
    return float(error) if np.isfinite(error) else np.inf
