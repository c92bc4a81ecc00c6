"""Put the three papers' views of every model side by side: one row a model."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from whypretrain.claims import side_by_side
from whypretrain.config.section import Name, Section
from whypretrain.runtime.files import read_table, write_table
from whypretrain.stages._run import parser, run


class Config(Section):
    """What `--config` holds."""

    sources: Mapping[Name, str] = {}
    """method: the rule that chose its source data"""


def stage(arguments: argparse.Namespace) -> None:
    """Join the tables, one row a model, and write them to `--out`. Config key: sources (method -> rule)."""
    knowledge = read_table(arguments.knowledge) if arguments.knowledge else None
    layers = [read_table(file) for file in arguments.layers]
    table = side_by_side(
        read_table(arguments.runs),
        knowledge,
        pd.concat(layers, ignore_index=True) if layers else None,
        arguments.config.sources,
    )
    write_table(arguments.out, table)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__, Config)
    arguments.add_argument("--runs", type=Path, required=True, help="accuracies, train/runs.csv")
    arguments.add_argument("--knowledge", type=Path, help="interactions/knowledge.csv")
    arguments.add_argument("--layers", type=Path, nargs="*", default=[], help="the layers.csv of all runs")
    arguments.add_argument("--out", type=Path, required=True, help="table to write, e.g. across.csv")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
