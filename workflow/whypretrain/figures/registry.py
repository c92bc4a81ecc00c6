"""The list of figures, and how one is drawn from files and written."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from whypretrain import files
from whypretrain.errors import InputError
from whypretrain.figures import canvas, pictures, players, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import RC

_HERE = "whypretrain.figures"
FIGURES: dict[str, str] = {
    "selection": f"{_HERE}.selection",
    "concepts": f"{_HERE}.concepts",
    "accuracy": f"{_HERE}.accuracy",
    "knowledge": f"{_HERE}.knowledge",
    "scratch_ratio": f"{_HERE}.scratch_ratio",
    "similarity": f"{_HERE}.similarity",
    "sparsity": f"{_HERE}.sparsity",
    "scratch_gap": f"{_HERE}.scratch_gap",
    "choices": f"{_HERE}.choices",
    "controls": f"{_HERE}.controls",
    "joint_knowledge": f"{_HERE}.joint_knowledge",
    "patches": f"{_HERE}.patches",
    "layers": f"{_HERE}.layers",
    "flow": f"{_HERE}.flow",
    "correlations": f"{_HERE}.correlations",
    "dynamics": f"{_HERE}.dynamics",
    "robustness": f"{_HERE}.robustness",
    "optimisers": f"{_HERE}.optimisers",
    "inversions": f"{_HERE}.inversions",
    "across": f"{_HERE}.across",
}
# Dates and versions in the metadata would make every run's bytes differ.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


_FILES: dict[str, Any] = {"pictures": pictures.read, "players": players.read}  # what is not a table


def read(
    inputs: Mapping[str, Sequence[str | Path]],
    source_data: str | Path | None = None,
    target_data: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """Tables by name, each from one or more files; `pictures` and `players` are arrays.

    `source_data` is an image set, `target_data` are several, by the names of their folders.

    Raises:
        InputError: for an unknown name, or a file that is not what its name says.
    """
    given: dict[str, Any] = {}
    for name, paths in inputs.items():
        given[name] = [_FILES[name](path) for path in paths] if name in _FILES else tables.read(name, paths)
    from whypretrain.data.image_set import load

    if source_data is not None:
        given["source_data"] = load(source_data)
    if target_data:
        given["target_data"] = {Path(folder).name: load(folder) for folder in target_data}
    return given


def draw(name: str, given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Draw one figure; returns it with the table of what it shows. Tables that it does not use are ignored.

    Raises:
        InputError: for an unknown figure, a table that is missing, or a selection that leaves nothing.
    """
    if name not in FIGURES:
        raise InputError(f"figure {name!r}: no such figure; there are {', '.join(FIGURES)}")
    module = import_module(FIGURES[name])
    missing = [table for table in module.NEEDS if table not in given]
    if missing:
        raise InputError(f"figure {name}: needs the table {missing[0]}; give --input {missing[0]} FILE")
    with mpl.rc_context(RC):
        return module.draw(given, settings)


def save(figure: Figure, shown: pd.DataFrame, out: str | Path) -> None:
    """Write `out`.png (200 dpi), .svg, .pdf and .csv; the same figure gives the same bytes."""
    with mpl.rc_context(RC):
        canvas.settle(figure)
        for suffix, metadata in _METADATA.items():
            buffer = io.BytesIO()
            figure.savefig(buffer, format=suffix, metadata=metadata)
            with files.atomic(f"{out}.{suffix}") as temporary:
                temporary.write_bytes(buffer.getvalue())
    files.write_table(f"{out}.csv", shown)
