"""The running state of a training: written now and then, so that a killed run can resume."""

from __future__ import annotations

import pickle
import signal
import sys
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from whypretrain.runtime.files import atomic, leads
from whypretrain.training import parallel


class RunningState(AbstractContextManager):
    """A file with all that a training needs to resume, bitwise; removed when the training ends.

    Within its context SIGTERM asks for a last save (`due`), and `save` then ends the process with status 143.
    Of several processes the first writes, all read, and all end together.

    Args:
        path: the file; None keeps nothing.
        identity: text that a file must bear to be taken up: the run's recipe, seed and data.
        every: seconds between saves.
    """

    def __init__(self, path: str | Path | None, identity: str, *, every: float) -> None:
        self.path = Path(path) if path else None
        self._identity, self._every = identity, every
        self._saved, self._terminated = time.monotonic(), False

    def __enter__(self) -> RunningState:
        self._handles = self.path is not None and threading.current_thread() is threading.main_thread()
        if self._handles:
            self._previous = signal.signal(signal.SIGTERM, self._terminate)
        return self

    def __exit__(self, *_: object) -> None:
        if self._handles:
            signal.signal(signal.SIGTERM, self._previous)

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """What was saved last, or None where there is nothing of this run; an unreadable file is named."""
        found = self._read(device)
        return None if parallel.any_of(found is None) else found

    def due(self) -> bool:
        """Whether it is time to save."""
        late = time.monotonic() - self._saved >= self._every
        return self.path is not None and (late or self._terminated)

    def save(self, state: dict[str, Any]) -> None:
        """Write the state whole or not at all: tensors and plain values, so that loading runs no code."""
        assert self.path is not None
        if leads():
            with atomic(self.path) as temporary, open(temporary, "wb") as file:
                torch.save({"identity": self._identity, "state": state}, file)
        self._saved = time.monotonic()
        if parallel.any_of(self._terminated):
            sys.exit(128 + signal.SIGTERM)

    def remove(self) -> None:
        """Forget the run: it has ended."""
        if self.path is not None and leads():
            for left in (self.path, *self.path.parent.glob(f".{self.path.stem}-*{self.path.suffix}")):
                left.unlink(missing_ok=True)  # the latter: writes that a kill broke off

    def _read(self, device: torch.device) -> dict[str, Any] | None:
        if self.path is None or not self.path.exists():
            return None
        try:
            found = torch.load(self.path, map_location=device, weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            self._say(f"unreadable ({type(error).__name__})")
            return None
        if not isinstance(found, dict) or found.get("identity") != self._identity:
            self._say("of another run")
            return None
        return found["state"]

    def _say(self, what: str) -> None:
        if leads():
            print(f"{self.path}: {what}; training starts over", file=sys.stderr)

    def _terminate(self, *_: object) -> None:
        self._terminated = True
