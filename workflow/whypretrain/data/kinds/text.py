"""Kind `text`: one's own sentences, in a table with a column of text and one of labels, or one folder a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import model_validator

from whypretrain.config.datasets import DataSet, HeldOut
from whypretrain.config.section import Place
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind
from whypretrain.data.rows import Row, decoded, read_rows, split_rows
from whypretrain.errors import InputError


class Options(DataSet):
    """A csv, tsv (without quoting), jsonl or parquet file with columns of text and labels; or one folder a class."""

    path: Annotated[str | None, Place()] = None
    """file of sentences; or give `root`"""
    test_path: Annotated[str | None, Place()] = None
    """file of the test sentences, with the same columns; null: a fraction is held out"""
    root: Annotated[str | None, Place()] = None
    """folder that holds one folder a class, with a text file a sample"""
    text: str = "text"
    """the column of sentences"""
    label: str = "label"
    """the column of classes"""
    test_fraction: HeldOut = 0.2
    """fraction held out where there is no file of test sentences"""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.root is None):
            raise ValueError("give path, a file of sentences, or root, a folder of classes; not both")
        if self.root and self.test_path:
            raise ValueError("test_path belongs to path; leave it out")
        return self


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """All sentences; classes in alphabetical order.

    Raises:
        InputError: as `read_rows` and `split_rows`, or if the folder has no such layout.
    """
    place = str(options.path or options.root)
    if options.root:
        train, test = _of_folders(Path(options.root)), None
    else:
        columns = options.text, options.label
        train = read_rows(Path(place), *columns)
        test = read_rows(Path(options.test_path), *columns) if options.test_path else None
    return split_rows(train, test, options.test_fraction, seed=seed, what=place)


def _of_folders(root: Path) -> list[Row]:
    if not root.is_dir():
        raise InputError(f"root: {root} is not a folder; give one that holds a folder for each class")
    classes = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and not folder.name.startswith(".")]
    return [
        Row(" ".join(decoded(path).split()), folder.name, path.relative_to(root).as_posix())
        for folder in classes
        for path in sorted(folder.glob("*.txt"))
    ]


KIND = Kind(Options, make, source="sentences of one's own", licence="the owner's", text=True)
