"""Reading and writing: every file appears whole under its name, or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whypretrain.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_NAMES = ("class_name", "class_before", "class_after", "concept")  # columns of people's names, of which NA is one
_TEXT = ("sample", *_NAMES)  # columns that are text whatever they hold: 000520, 1e3
_written: ContextVar[list[Path] | None] = ContextVar("_written", default=None)


def among() -> tuple[int, int]:
    """Number of this process, from 0, among how many that torchrun started together; alone: 0, 1."""
    together = "TORCHELASTIC_RUN_ID" in os.environ
    return (int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])) if together else (0, 1)


def leads() -> bool:
    """Whether this process speaks and writes: of several the first."""
    return among()[0] == 0


@contextmanager
def atomic(path: str | Path, *, result: bool = True) -> Iterator[Path]:
    """Yield a temporary path next to `path`; rename it to `path` on success, remove it on any error.

    Without `result` the file is a cache, which `written` leaves out. The temporary name keeps the suffix of `path`,
    because many writers choose their format by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        if result and (paths := _written.get()) is not None:
            paths.append(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def scratch(folder: str | Path, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
    """Yield a float32 array that lies in a nameless file in `folder`, in place of memory; it is gone afterwards.

    The disk's space is claimed at once, so that a full disk is an OSError here.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, max(1, 4 * math.prod(shape)))
        yield (np.memmap(file, np.float32, "r+", shape=shape) if math.prod(shape) else np.empty(shape, np.float32))


@contextmanager
def written() -> Iterator[list[Path]]:
    """Yield a list that takes up the path of every file that is written within the context, in order."""
    paths: list[Path] = []
    token = _written.set(paths)
    try:
        yield paths
    finally:
        _written.reset(token)


def sha256(path: str | Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes; a file that keeps its size and time is read once a process."""
    status = os.stat(path)
    return _sha256(os.path.realpath(path), status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=10_000)
def _sha256(path: str, *_: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys; NaN is refused, as JSON has none."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        InputError: if the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable JSON file ({error}); remove it and run the workflow again") from error


def write_table(path: str | Path, table: pd.DataFrame) -> None:
    """Write a tidy CSV table: no index, shortest floats that read back to the same number, empty cells for NaN."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a CSV table written by `write_table`.

    Raises:
        InputError: if the file is missing or is not a table.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str))
        if names := [name for name in _NAMES if name in table]:
            table[names] = pd.read_csv(path, usecols=names, dtype=str, keep_default_na=False)[names]
        return table
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable table ({error}); remove it and run the workflow again") from error
