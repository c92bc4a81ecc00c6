"""Kind `movie_reviews`: sentences of film reviews rated by 20 people each, from the sources of vaderSentiment."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Annotated

from pydantic import Field

from whypretrain.config.datasets import DataSet, HeldOut
from whypretrain.config.section import Place
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind, Size
from whypretrain.data.rows import Row, split_rows
from whypretrain.errors import InputError

FILE = "movieReviewSnippets_GroundTruth.txt"
ARCHIVE = "hutto_ICWSM_2014.tar.gz"
CLASSES = ("negative", "positive")
_GET = (
    "run `pip download --no-deps --no-binary :all: vaderSentiment==3.3.2` and give the file vaderSentiment-3.3.2.tar.gz"
)


class Options(DataSet):
    """The sources of vaderSentiment 3.3.2, packed or not, or hutto_ICWSM_2014.tar.gz inside; MIT licence."""

    path: Annotated[str, Place()] = "data/vaderSentiment-3.3.2.tar.gz"
    """the archive, or a folder or file taken from it"""
    least: Annotated[float, Field(ge=0, le=3)] = 0.5
    """sentences whose mean rating, -4 to 4, is nearer to 0 belong to no class and are left out"""
    test_fraction: HeldOut = 0.2
    """fraction held out"""


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Sentences whose mean rating is clear, as negative and positive.

    Raises:
        InputError: if the file is missing or another one.
    """
    rows, path = [], Path(options.path)
    for number, line in enumerate(filter(None, _text(path).replace("\r\n", "\n").split("\n")), 1):
        name, rating, text = [*line.split("\t", 2), "", ""][:3]
        try:
            value = float(rating)
        except ValueError:
            raise InputError(f"path: {path}: line {number} has no rating; {_GET}") from None
        if abs(value) >= options.least:
            rows.append(Row(text, CLASSES[value > 0], f"review {name}"))
    return split_rows(rows, None, options.test_fraction, classes=CLASSES, seed=seed, what=str(path))


def _text(path: Path) -> str:
    """The ratings and sentences, wherever they lie."""
    if not path.exists():
        raise InputError(f"path: {path} does not exist; {_GET}")
    if path.is_dir():
        found = next((each for name in (FILE, ARCHIVE) for each in sorted(path.rglob(name))), None)
        if found is None:
            raise InputError(f"path: {path} holds neither {FILE} nor {ARCHIVE}; {_GET}")
        return _text(found)
    content: bytes | None = path.read_bytes()
    try:
        content = _member(path.read_bytes()) if path.name.endswith((".tar.gz", ".tgz")) else content
    except (tarfile.TarError, EOFError, OSError):
        raise InputError(f"path: {path} is no readable archive; {_GET}") from None
    if content is None:
        raise InputError(f"path: {path} does not hold {FILE}; {_GET}")
    return content.decode("utf-8", errors="replace")


def _member(content: bytes) -> bytes | None:
    """The file in an archive, or in the archive inside it."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.name.endswith((FILE, ARCHIVE)) else None
            if file is not None:
                return file.read() if member.name.endswith(FILE) else _member(file.read())
    return None


KIND = Kind(
    Options,
    make,
    source="film reviews rated by 20 people each (Hutto and Gilbert, ICWSM 2014), from vaderSentiment 3.3.2",
    licence="MIT",
    size=lambda options: Size(8_058, 2_014, 2),
    text=True,
)
