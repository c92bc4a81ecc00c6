"""Do the metrics measure what they say? Their response to changes with known answers: a row a run, and a summary."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from whypretrain.claims.validity import responses, summary
from whypretrain.config.output import Statistics
from whypretrain.config.section import Name, Section, Several
from whypretrain.runtime.files import write_table
from whypretrain.stages._run import parser, run
from whypretrain.stages.claims import read_tables


class Change(Section):
    """One change with a known answer."""

    intervention: str
    """what was changed"""
    dose: float
    """how much"""
    method: Name
    """the method that was changed"""
    base: Name
    """the method without the change"""
    placebo: bool
    """whether nothing may change"""


class Config(Statistics):
    """What `--config` holds."""

    changes: Annotated[tuple[Change, ...], Several]
    """all that there are"""
    reference: Name
    """the method that stands for the pre-trained model"""
    scratch: Name | None = None
    """the method trained from scratch"""


def stage(arguments: argparse.Namespace) -> None:
    """Read the tables of `--input`; write `--out`, a row a run, change and metric, and `--summary`."""
    config = arguments.config
    tables = {name: read_tables(files) for name, *files in arguments.input}
    rows = responses(tables, [change.plain() for change in config.changes], config.reference, config.scratch)
    write_table(arguments.out, rows)
    write_table(arguments.summary, summary(rows, config.confidence))


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__, Config)
    arguments.add_argument(
        "--input", nargs="+", action="append", required=True, metavar=("NAME", "FILE"), help="a table, by name"
    )
    arguments.add_argument("--out", type=Path, required=True, help="table to write, one row a run, change and metric")
    arguments.add_argument("--summary", type=Path, required=True, help="table to write, one row a change and metric")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
