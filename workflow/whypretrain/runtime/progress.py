"""Progress of long loops: a bar on a terminal, a note for who watches the run, nothing in a log file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from whypretrain.runtime.files import leads

T = TypeVar("T")

NOTES = "WHYPRETRAIN_NOTES"  # environment variable: the folder in which processes note how far they are


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterable[T]:
    """Iterate over `items`, with a progress bar where standard error is a terminal.

    Where it is a log file, and `NOTES` names a folder, the process writes how far it is to a file there, at most
    twice a second.
    """
    folder, watched = os.environ.get(NOTES), sys.stderr.isatty()
    if watched or not folder or not leads():
        return tqdm(items, desc=label, total=total, disable=not (watched and leads()), leave=False)
    note = _Note(note_of(folder, sys.stderr.fileno()))
    return tqdm(items, desc=label, total=total, file=note, mininterval=0.5, leave=False, bar_format=_FORM)


def note_of(folder: str | Path, log: str | int | Path) -> Path:
    """Where a process whose standard error is this log, a path or file descriptor, notes its progress.

    Raises:
        OSError: if there is no such log.
    """
    about = os.stat(log)
    return Path(folder) / f"{about.st_dev}-{about.st_ino}"


_FORM = "{desc} {n_fmt}/{total_fmt}"


class _Note:
    """A file that holds the last line written to it; a folder that went meanwhile is no matter."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str) -> None:
        if line := text.strip("\r\n "):
            with suppress(OSError):
                self.path.write_text(line)

    def flush(self) -> None:
        pass
