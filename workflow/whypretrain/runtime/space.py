"""What takes space where experiments were run: results, published weights, caches, records."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from whypretrain.errors import InputError

#: What is one thing each, with what it takes to have it again.
_SINGLE = {
    ".cache": "caches of libraries; made again when needed",
    ".dvc/cache": "recorded results of every commit; without them `make restore` has nothing to bring back",
    ".snakemake": "Snakemake's records and logs; without them the next run cannot see changed parameters",
}
#: Folders of which each entry is one thing.
_PARTED = {"results": "an experiment; run it again", "weights": "published weights; fetched again when needed"}
_LOCKS = Path(".snakemake/locks")


class Taken(NamedTuple):
    """One thing that takes space.

    Attributes:
        path: relative to the folder that was looked at.
        size: bytes of its files; a file under several names counts once, and links to elsewhere not at all.
        files: number of its files.
        what: what it is, and what it takes to have it again.
    """

    path: Path
    size: int
    files: int
    what: str


def taken(root: Path = Path()) -> list[Taken]:
    """Everything below `root` that whypretrain and its tools made, the largest first."""
    return sorted(
        (_measured(root, path, what) for path, what in _things(root)), key=lambda each: (-each.size, each.path)
    )


def chosen(names: list[str], root: Path = Path()) -> list[Taken]:
    """Those of `taken` that are named.

    Raises:
        InputError: if a name is none of them; if Snakemake is running in `root`.
    """
    there = {str(each.path): each for each in taken(root)}
    keys = [os.path.normpath(name) for name in names]
    if unknown := [name for name, key in zip(names, keys, strict=True) if key not in there]:
        raise InputError(f"{unknown[0]}: not among what can be removed; there is {', '.join(there) or 'nothing'}")
    if any((root / _LOCKS).glob("*")):
        raise InputError(
            f"{_LOCKS}: a run is going on here, or was killed; wait for it, or run `snakemake --unlock`, then try again"
        )
    return [there[key] for key in dict.fromkeys(keys)]


def remove(things: list[Taken], root: Path = Path()) -> None:
    """Remove them from the disk, links as links."""
    for each in things:
        path = root / each.path
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _things(root: Path) -> Iterator[tuple[Path, str]]:
    for name, what in _SINGLE.items():
        if (root / name).exists():
            yield Path(name), what
    for name, what in _PARTED.items():
        if (root / name).is_dir():
            yield from ((path.relative_to(root), what) for path in sorted((root / name).iterdir()))


def _measured(root: Path, path: Path, what: str) -> Taken:
    sizes: dict[tuple[int, int], int] = {}
    names = 0
    for file in _files(root / path):
        found = file.lstat()
        sizes[found.st_dev, found.st_ino] = found.st_size
        names += 1
    return Taken(path, sum(sizes.values()), names, what)


def _files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        yield from (Path(folder) / name for name in names)
