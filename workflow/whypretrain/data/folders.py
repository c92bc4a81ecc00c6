"""Folders of image files: what is an image, and what is left out, counted by reason."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whypretrain.data.pictures import endings, is_picture
from whypretrain.errors import InputError

#: What file browsers, network drives and notebooks leave behind, in lower case; all else of theirs begins with a dot.
_SYSTEM = re.compile(
    r"(eh)?thumbs\.db|desktop\.ini|icon\r|__macosx|\$recycle\.bin|recycler|#recycle|@eadir|@tmp|lost\+found|"
    r"system volume information|network trash folder|temporary items|__pycache__"
)
HIDDEN, OUTSIDE, TWICE = "hidden or of the system", "outside the class folders", "folder linked to twice"
NO_FILE, NO_ENDING = "no regular file", "no ending"

LAYOUT = "it must hold one folder a class, or train/ and test/ (or val/) with one folder a class in each"
_WORDS = {
    **{"train": "train", "training": "train", "test": "test", "testing": "test", "val": "val", "valid": "val"},
    **{"validation": "val", "eval": "eval", "evaluation": "eval", "dev": "dev"},
}
#: The first of these that there is holds the test images.
TESTS = ("test", "val", "eval", "dev")
_SPLIT = re.compile(rf"({'|'.join(_WORDS)})([-_ ]?(set|data|images|split))?")
_ENDING = re.compile(
    r"\.(?!\d+$)[\w~+-]{1,12}", re.ASCII
)  # of names such as `frame.0012` and `mr. smith` nothing is one


def split_of(name: str) -> str | None:
    """The split that a folder is named after, without regard to case: train, test, val, eval or dev.

    Example:
        >>> [split_of(name) for name in ("Train", "testing", "VALID", "val_set", "trains")]
        ['train', 'test', 'val', 'val', None]
    """
    found = _SPLIT.fullmatch(name.lower())
    return _WORDS[found[1]] if found else None


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is hidden, or of an operating system."""
    return name.startswith((".", "~$")) or bool(_SYSTEM.fullmatch(name.lower()))


def readable(name: str) -> str:
    r"""A file's name as text that can be written anywhere: bytes that are not UTF-8 become \xNN."""
    return os.fsencode(name).decode(errors="backslashreplace")


@dataclass
class Walk:
    """A walk through the class folders of a data set, which counts what it leaves out.

    Attributes:
        left_out: number of files by reason or ending.
    """

    left_out: Counter[str] = field(default_factory=Counter)
    _classes: dict[tuple[int, int], Path | None] = field(default_factory=dict)  # by folder; None: it holds classes

    def folders(self, parent: Path) -> list[Path]:
        """The folders in a folder, by name; files next to them, and what is hidden, are counted as left out."""
        found = []
        for path in sorted(parent.iterdir()):
            if is_hidden(path.name):
                self.left_out[HIDDEN] += _files(path)
            elif path.is_dir():
                found.append(path)
            else:
                self.left_out[OUTSIDE] += 1
        return found

    def counts(self, images: int) -> dict[str, Any]:
        """What data.json says about the files: found, of them `images`, and left out by reason."""
        left_out = dict(sorted(self.left_out.items()))
        return {"found": images + sum(left_out.values()), "images": images, "left_out": left_out}

    def images(self, classes: Sequence[Path], root: Path) -> list[list[Path]]:
        """The image files below each class folder, sorted; links are followed, and each folder is read once.

        Args:
            classes: the class folders.
            root: the data set's; a link to it, or to a folder between, is not followed.

        Raises:
            InputError: if a folder belongs to two classes, is named like a split, or a class holds folders alone.
        """
        for holder in {place for folder in classes for place in folder.parents if place.is_relative_to(root)}:
            self._classes.setdefault(_identity(holder))
        for folder in classes:
            if not self._is_new(folder, folder):
                raise InputError(f"root: {folder} links to a folder that holds it; remove the link")
        return [sorted(self._below(folder)) for folder in classes]

    def _below(self, folder: Path) -> list[Path]:
        images, pending = list[Path](), [folder]
        while pending:
            parent = pending.pop()
            for path in sorted(parent.iterdir()):
                if is_hidden(path.name):
                    self.left_out[HIDDEN] += _files(path)
                elif path.is_dir():
                    if split_of(path.name):
                        raise InputError(f"root: {path} is named like a split, within a class; {LAYOUT}")
                    if self._is_new(path, folder):
                        pending.append(path)
                    else:
                        self.left_out[TWICE] += 1
                elif reason := _not_an_image(path):
                    self.left_out[reason] += 1
                else:
                    images.append(path)
            if parent == folder and pending and not images:
                raise InputError(
                    f"root: {folder} holds folders and no image; if those are the classes, set root to it, else move "
                    "their images up"
                )
        return images

    def _is_new(self, path: Path, owner: Path) -> bool:
        """Whether a folder, found below the class folder `owner`, is met for the first time."""
        if (identity := _identity(path)) not in self._classes:
            self._classes[identity] = owner
            return True
        if (known := self._classes[identity]) not in (None, owner):
            raise InputError(f"root: {path} is the same folder as {known}, or one in it; remove one of the two")
        return False


def _identity(folder: Path) -> tuple[int, int]:
    found = folder.stat()
    return found.st_dev, found.st_ino


def _files(path: Path) -> int:
    """Number of files below a folder, links not followed; 1 for a file."""
    return sum(len(files) for *_, files in os.walk(path)) if path.is_dir() and not path.is_symlink() else 1


def _not_an_image(path: Path) -> str:
    """Why a file is left out; nothing for an image."""
    if not path.is_file():
        return NO_FILE
    ending = path.suffix.lower()
    if _ENDING.fullmatch(ending):
        return "" if ending in endings() else ending
    return "" if is_picture(path) else NO_ENDING
