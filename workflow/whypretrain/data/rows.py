"""Files of sentences and their labels: csv, tsv, jsonl, parquet; and sentences as an `ImageSet` with its split."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from whypretrain.data.image_set import ImageSet
from whypretrain.data.sampling import check_classes, split_off
from whypretrain.data.text_set import text_set
from whypretrain.errors import InputError

ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")


class Row(NamedTuple):
    """One sentence: its text, its class, and where it stands, for people."""

    text: str
    label: str
    origin: str


def read_rows(path: Path, text: str, label: str, *, columns: Sequence[str] | None = None) -> list[Row]:
    """The sentences of a file, by its ending; tab-separated ones are read without quoting.

    Args:
        path: the file.
        text, label: names of the columns.
        columns: of a file that may lack its header line, the names of its columns.

    Raises:
        InputError: if the file is missing, of another kind, not UTF-8, lacks a column, or a row lacks a value.
    """
    if path.suffix not in ENDINGS:
        raise InputError(f"path: {path} is not one of {', '.join(ENDINGS)}; convert it, or rename it")
    if not path.is_file():
        raise InputError(f"path: {path} does not exist; check the path, which is relative to the checkout")
    found = []
    for number, row in _records(path, columns):
        origin = f"{path.name} row {number}"
        if missing := [name for name in (text, label) if name not in row]:
            raise InputError(
                f"{path}: no column {missing[0]!r}; there are {', '.join(map(str, row))}; name it as a key"
            )
        if row[label] is None or str(row[label]).strip() in ("", "nan"):
            raise InputError(f"{origin}: has no label; add one, or remove the row")
        found.append(Row(str(row[text] or ""), _name(row[label]), origin))
    return found


def split_rows(
    train: Sequence[Row],
    test: Sequence[Row] | None,
    fraction: float,
    *,
    classes: Sequence[str] | None = None,
    seed: int,
    what: str,
) -> ImageSet:
    """A text set of rows; without test rows a fraction of each class is held out.

    Args:
        classes: names of the classes in their order; None: all labels of the training rows, sorted.
        what: the file, for messages.

    Raises:
        InputError: if a sentence is empty, a label is no class, or a class has too few sentences.
    """
    names = list(classes) if classes is not None else sorted({row.label for row in train})
    if len(names) < 2:
        raise InputError(f"{what}: has {len(names)} class; a classifier needs at least 2")
    rows = [*train, *(test or ())]
    number = {name: index for index, name in enumerate(names)}
    for row in rows:
        if row.label not in number:
            raise InputError(f"{row.origin}: label {row.label!r} is no class; the classes are {', '.join(names)}")
    labels = np.array([number[row.label] for row in rows], np.int64)
    check_classes(labels[: len(train)], names, f"sentences of {what}")
    if test is None:
        held = split_off(labels, fraction, classes=names, seed=seed, what=f"sentences of {what}")
    else:
        held = np.arange(len(rows)) >= len(train)
        check_classes(labels[held], names, f"test sentences of {what}")
    texts, origins = [row.text for row in rows], [row.origin for row in rows]
    return text_set(texts, labels, test=held, classes=names, origins=origins)


def decoded(path: Path) -> str:
    """The text of a file.

    Raises:
        InputError: if it is not UTF-8, with the place.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line}: byte 0x{content[error.start]:02x} is not UTF-8; save it so") from None


def _records(path: Path, columns: Sequence[str] | None) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows by column with their numbers, from 1, header lines not counted."""
    if path.suffix == ".parquet":
        yield from enumerate(_parquet(path), 1)
    elif path.suffix == ".jsonl":
        for number, line in enumerate(decoded(path).split("\n"), 1):
            if line.strip():
                yield number, _json(path, number, line)
    else:
        yield from _table(path, columns)


def _table(path: Path, columns: Sequence[str] | None) -> Iterator[tuple[int, Mapping[str, Any]]]:
    content = decoded(path)
    if path.suffix == ".tsv":
        rows = [line.split("\t") for line in content.replace("\r\n", "\n").split("\n") if line.strip()]
    else:
        rows = [row for row in csv.reader(io.StringIO(content, newline="")) if row]
    if not rows:
        raise InputError(f"{path}: is empty")
    header = list(columns) if columns and sorted(rows[0]) != sorted(columns) else rows.pop(0)
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise InputError(
                f"{path} row {number}: {len(row)} values for the columns {', '.join(header)}; give one value a column"
            )
        yield number, dict(zip(header, row, strict=True))


def _parquet(path: Path) -> list[Mapping[str, Any]]:
    import pandas as pd

    try:
        with path.open("rb") as file:
            table = pd.read_parquet(file)
    except (OSError, ValueError) as error:  # pyarrow's errors derive from these two
        raise InputError(f"{path}: no readable parquet file ({str(error).splitlines()[0]}); write it again") from None
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _json(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{path}: line {number} is no JSON object; write one a line")
    return found


def _name(label: Any) -> str:
    """A label as the name of its class; 1.0 of a column with gaps is 1."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label).strip()
