"""How a figure is drawn from files and written."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from whypretrain.data.image_set import load
from whypretrain.errors import InputError
from whypretrain.figures import canvas, lettering, pictures, players, tables
from whypretrain.figures.registry import FIGURES
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import RC
from whypretrain.runtime import files

# Dates and versions in the metadata would make every run's bytes differ.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


_OF_KNOWN = "validity"  # the table of models with a change of known effect


def _data_sets(paths: Sequence[str | Path]) -> dict[str, Any]:
    """Image sets by the names of their folders; a folder, or the files in it, name one."""
    folders = dict.fromkeys(path if path.is_dir() else path.parent for path in map(Path, paths))
    return {folder.name: load(folder) for folder in folders}


OTHERS: dict[str, Callable[[Sequence[str | Path]], Any]] = {  # what is not a table
    "pictures": lambda paths: [pictures.read(path) for path in paths],
    "players": lambda paths: [players.read(path) for path in paths],
    "source_data": _data_sets,
    "target_data": _data_sets,
}


def read(inputs: Mapping[str, Sequence[str | Path]]) -> dict[str, Any]:
    """Tables by name, each from one or more files; `pictures` and `players` are arrays, `..._data` image sets.

    Raises:
        InputError: for an unknown name, or a file that is not what its name says.
    """
    for name in inputs:
        if name not in tables.COLUMNS and name not in OTHERS:
            raise InputError(f"--input {name}: no such table; there are {', '.join([*tables.COLUMNS, *OTHERS])}")
    return {name: OTHERS[name](paths) if name in OTHERS else tables.read(name, paths) for name, paths in inputs.items()}


def draw(name: str, given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Draw one figure; returns it with the table of what it shows. Tables that it does not use are ignored.

    Methods with a change of known effect are left out; the figure of validity, with a table of its own, shows them.

    Raises:
        InputError: for an unknown figure, a table that is missing, or a selection that leaves nothing.
    """
    if name not in FIGURES:
        raise InputError(f"figure {name!r}: no such figure; there are {', '.join(FIGURES)}")
    missing = [table for table in FIGURES[name].tables if table not in given]
    if missing:
        raise InputError(f"figure {name}: needs the table {missing[0]}; give --input {missing[0]} FILE")
    known = settings.cast.known
    shown = {table: rows if table == _OF_KNOWN else _without(rows, known) for table, rows in given.items()}
    with mpl.rc_context(RC):
        return import_module(f"whypretrain.figures.{name}").draw(shown, settings)


def _without(table: Any, names: set[str]) -> Any:
    """The rows of a table that name none of these models; what is no table as it is."""
    if not names or not isinstance(table, pd.DataFrame):
        return table
    naming = table.columns.intersection(["model", "method", "a", "b", "kind"])
    return table[~table[naming].isin(names).any(axis=1)]


def save(figure: Figure, shown: pd.DataFrame, out: str | Path) -> None:
    """Write `out`.png (200 dpi), .svg, .pdf and .csv; the same figure gives the same bytes."""
    with mpl.rc_context(RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # lettering has said so
        lettering.letter(figure)
        canvas.settle(figure)
        for suffix, metadata in _METADATA.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix, metadata=metadata)
            with files.atomic(f"{out}.{suffix}") as temporary:
                temporary.write_bytes(buffer.getvalue())
    files.write_table(f"{out}.csv", shown)
