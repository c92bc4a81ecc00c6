"""Draw one figure from tables: OUT.png, OUT.svg, OUT.pdf and OUT.csv, the table of what it shows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.stages._run import parser, run


def main(argv: Sequence[str] | None = None) -> None:
    """Parse the command line and draw the figure."""
    arguments = parser(__doc__)
    arguments.add_argument("--name", required=True, help="which figure")
    arguments.add_argument(
        "--input",
        nargs="+",
        action="append",
        default=[],
        metavar=("TABLE", "FILE"),
        help="a table by name, and the files that hold it; may be repeated",
    )
    arguments.add_argument("--source-data", type=Path, help="folder of the source data, for its pictures")
    arguments.add_argument(
        "--target-data",
        type=Path,
        nargs="+",
        default=[],
        help="folders of the targets' data, for their pictures",
    )
    arguments.add_argument(
        "--out", type=Path, required=True, help="path of the files to write, without suffix"
    )
    run(_draw, arguments.parse_args(argv))


def _draw(arguments: argparse.Namespace) -> None:
    from whypretrain import figures

    settings = figures.Settings.of(arguments.config)
    given = figures.read(_inputs(arguments.input), arguments.source_data, arguments.target_data)
    figure, shown = figures.draw(arguments.name, given, settings)
    figures.save(figure, shown, arguments.out)


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
