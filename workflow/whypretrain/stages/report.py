"""Write the report: one page that holds what was run, the verdicts, and the figures with their data."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from whypretrain.report import build, write
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Build the page from what `--results` holds and write it to `--out`."""
    page = build(
        arguments.config, results=arguments.results, claims=arguments.claims, figures=arguments.figures
    )
    write(page, arguments.out)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__)
    arguments.add_argument("--results", type=Path, required=True, help="folder of the experiment")
    arguments.add_argument("--claims", type=Path, required=True, help="table of verdicts")
    arguments.add_argument("--figures", type=Path, required=True, help="folder of the figures")
    arguments.add_argument("--out", type=Path, required=True, help="page to write, e.g. report.html")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
