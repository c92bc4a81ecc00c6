"""Write the report: one page that holds what was run, the verdicts, and the figures with their data."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from whypretrain.config.section import Section
from whypretrain.report import Files, build, write
from whypretrain.runtime.places import DATA, TOKENS
from whypretrain.stages._run import parser, run


class Config(Section):
    """What `--config` holds."""

    config: Mapping[str, Any] = {}
    """the whole config, which the page shows"""


def stage(arguments: argparse.Namespace) -> None:
    """Build the page from what `--results` holds and write it to `--out`."""
    places = {name: getattr(arguments, name) for name in ("results", "claims", "figures")}
    explored = Files(**{each.name: getattr(arguments, each.name) for each in fields(Files)})
    write(build(arguments.config.config, **places, explored=explored), arguments.out)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__, Config, results=[], samples=(*DATA, TOKENS[0]))
    arguments.add_argument("--results", type=Path, required=True, help="folder of the experiment")
    arguments.add_argument("--claims", type=Path, required=True, help="table of verdicts")
    arguments.add_argument("--figures", type=Path, required=True, help="folder of the figures")
    arguments.add_argument("--strongest", type=Path, help="table of the strongest interactions, for the explorer")
    many: dict[str, Any] = {"type": Path, "nargs": "+", "default": []}
    arguments.add_argument("--scores", **many, help="archives of scores that it shows samples of")
    arguments.add_argument("--samples", **many, help="folder of the images or tokens of each of --scores")
    arguments.add_argument("--inversions", **many, help="files of inverted images that it shows")
    arguments.add_argument("--out", type=Path, required=True, help="page to write, e.g. report.html")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
