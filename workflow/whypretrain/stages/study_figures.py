"""Figures of the selection study: each as OUT/study_NAME.png, .svg, .pdf and .csv, the table of what it shows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from whypretrain.figures.registry import save
from whypretrain.figures.settings import Settings
from whypretrain.figures.study import FIGURES
from whypretrain.figures.style import RC
from whypretrain.files import read_table
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Draw all figures from the study's tables; the config is that of figures."""
    settings = Settings.of(arguments.config)
    tables = {path.stem: read_table(path) for path in arguments.tables}
    for name, draw in FIGURES.items():
        with mpl.rc_context(RC):
            figure, shown = draw(tables, settings)
        save(figure, shown, arguments.out / f"study_{name}")


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--tables", required=True, type=Path, nargs="+", help="tables of the selection study")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
