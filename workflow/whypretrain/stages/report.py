"""Write the report: one page that holds what was run, the verdicts, and the figures with their data."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from whypretrain.config.section import Section
from whypretrain.report import build, write
from whypretrain.stages._run import parser, run


class Config(Section):
    """What `--config` holds."""

    config: Mapping[str, Any] = {}
    """the whole config, which the page shows"""


def stage(arguments: argparse.Namespace) -> None:
    """Build the page from what `--results` holds and write it to `--out`."""
    page = build(arguments.config.config, results=arguments.results, claims=arguments.claims, figures=arguments.figures)
    write(page, arguments.out)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__, Config, results=[])
    arguments.add_argument("--results", type=Path, required=True, help="folder of the experiment")
    arguments.add_argument("--claims", type=Path, required=True, help="table of verdicts")
    arguments.add_argument("--figures", type=Path, required=True, help="folder of the figures")
    arguments.add_argument("--out", type=Path, required=True, help="page to write, e.g. report.html")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
