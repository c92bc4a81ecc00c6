"""The next batch made while this one is used."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """A function of the step, its next value made in one background thread; steps may be asked for in any order.

    Example:
        >>> squares = Ahead(lambda step: step**2)
        >>> squares(3), squares(4), squares(1)
        (9, 16, 1)
    """

    def __init__(self, make: Callable[[int], T]) -> None:
        self._make, self._thread = make, ThreadPoolExecutor(1)
        self._coming: tuple[int, Future[T]] | None = None

    def __call__(self, step: int) -> T:
        """The value of a step; what making it raises is raised here."""
        coming = self._coming
        value = coming[1].result() if coming is not None and coming[0] == step else self._make(step)
        self._coming = step + 1, self._thread.submit(self._make, step + 1)
        return value
