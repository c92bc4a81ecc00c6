"""Fingerprints of what lies outside the project: data, checkpoints and other files that a config names, by content.

A folder's fingerprint is that of its listing: path, size and SHA-256 of every file, without times, so that a copy
or a checkout of the same bytes has the same one. An index keeps the hashes with each file's size and times, like git's:
an unchanged folder costs one walk, and only files whose size or times changed are read again.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.runtime.files import atomic

INDEX = Path(".cache/fingerprints")
#: A file that changed so shortly before it was hashed may change again within the same tick of the clock.
_SETTLED = 2_000_000_000  # nanoseconds


@dataclass(frozen=True)
class Fingerprint:
    """What a file or folder holds.

    Attributes:
        sha256: of the file's bytes, or of the folder's listing.
        files: how many there are.
        bytes: their sizes together.
        read: how many of them had to be read for this.
    """

    sha256: str
    files: int
    bytes: int
    read: int


@dataclass(frozen=True)
class _Entry:
    """A file as the index knows it: its state when it was hashed."""

    state: tuple[int, ...]
    sha256: str


def fingerprint(place: str | Path, index: Path = INDEX) -> Fingerprint:
    """The fingerprint of a file, or of a folder with all its regular files.

    Names that begin with a dot are left out, and what Python compiles when a package is imported.

    Args:
        place: may be a link, and may hold links.
        index: folder in which hashes are kept between calls.

    Raises:
        InputError: if the place is missing or not readable, or changes while it is read.
    """
    place = Path(place)
    kept = index / hashlib.sha256(str(place.absolute()).encode()).hexdigest()[:20]
    known, started = _read(kept), time.time_ns()
    found: dict[str, _Entry] = {}
    sizes = read = 0
    try:
        for name, path, state in _files(place):
            entry = known.get(name)
            if entry is None or entry.state != state:
                entry, read = _Entry(state, _hashed(path, state)), read + 1
            found[name] = entry
            sizes += state[0]
    except OSError as error:
        raise InputError(
            f"{error.filename or place}: cannot be read ({error.strerror or error}); "
            "check that it exists, and its permissions"
        ) from error
    if read or known.keys() != found.keys():
        _write(kept, {name: each for name, each in found.items() if max(each.state[1:3]) < started - _SETTLED})
    return Fingerprint(_summary(found), len(found), sizes, read)


def _files(place: Path) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Relative name, path and state of every file, by name; of a single file the name is empty."""
    if not place.is_dir():
        yield "", str(place), _state(os.stat(place))
        return
    yield from _walk(str(place), "", frozenset())


def _walk(folder: str, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    own = os.stat(folder)
    if (own.st_dev, own.st_ino) in above:  # a link to a folder that holds it, whose files are listed there
        return
    with os.scandir(folder) as listed:
        entries = sorted(
            (entry for entry in listed if not entry.name.startswith((".", "__pycache__"))), key=lambda entry: entry.name
        )
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry.path, f"{prefix}{entry.name}/", above | {(own.st_dev, own.st_ino)})
        elif stat.S_ISREG((found := os.stat(entry.path)).st_mode):  # a pipe or socket would be waited for without end
            yield f"{prefix}{entry.name}", entry.path, _state(found)


def _state(found: os.stat_result) -> tuple[int, ...]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _hashed(path: str, state: tuple[int, ...]) -> str:
    """SHA-256 of a file that stays as it is meanwhile."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        after = _state(os.fstat(file.fileno()))
    if after != state:
        raise InputError(f"{path}: changed while it was read; run again when nothing writes to it")
    return digest


def _summary(found: dict[str, _Entry]) -> str:
    if found.keys() == {""}:
        return found[""].sha256
    digest = hashlib.sha256()
    for name, entry in sorted(found.items()):
        digest.update(f"{name}\0{entry.state[0]}\0{entry.sha256}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _read(index: Path) -> dict[str, _Entry]:
    """The entries of an index; none where it is missing or damaged, which costs time alone."""
    known = {}
    try:
        for line in index.read_text(errors="surrogateescape").splitlines():
            sha256, *state, name = line.split("\t", 5)
            known[name] = _Entry(tuple(map(int, state)), sha256)
    except (OSError, ValueError):
        return {}
    return known


def _write(index: Path, entries: dict[str, _Entry]) -> None:
    lines = [
        "\t".join([entry.sha256, *map(str, entry.state), name])
        for name, entry in entries.items()
        if not set(name) & set("\t\n\r")
    ]
    with atomic(index, result=False) as temporary:
        temporary.write_text("\n".join(lines), errors="surrogateescape")
