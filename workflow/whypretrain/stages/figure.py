"""Draw one figure from tables: OUT.png, OUT.svg, OUT.pdf and OUT.csv, the table of what it shows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.figures.settings import Given
from whypretrain.stages._run import parser, run


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and draw the figure."""
    arguments = parser(__doc__, Given)
    arguments.add_argument("--name", required=True, help="which figure")
    arguments.add_argument(
        "--input",
        nargs="+",
        action="append",
        default=[],
        metavar=("TABLE", "FILE"),
        help="a table or image set by name, and the files that hold it; may be repeated",
    )
    arguments.add_argument("--out", type=Path, required=True, help="path of the files to write, without suffix")
    run(_draw, arguments.parse_args(argv))


def _draw(arguments: argparse.Namespace) -> None:
    from whypretrain.figures import Settings, drawing

    given = drawing.read(_inputs(arguments.input))
    figure, shown = drawing.draw(arguments.name, given, Settings.of(arguments.config.plain()))
    drawing.save(figure, shown, arguments.out)


def _inputs(given: list[list[str]]) -> dict[str, list[str]]:
    """Files by table name; a name given twice takes the files of both."""
    inputs: dict[str, list[str]] = {}
    for name, *paths in given:
        if not paths:
            raise InputError(f"--input {name}: no file given; write --input {name} FILE")
        inputs.setdefault(name, []).extend(paths)
    return inputs


if __name__ == "__main__":
    main()
