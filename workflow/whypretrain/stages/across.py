"""Put the three papers' views of every model side by side: one row a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whypretrain.claims import side_by_side
from whypretrain.files import read_table, write_table
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Join the tables, one row a model, and write them to `--out`."""
    layers = pd.concat([read_table(file) for file in arguments.layers], ignore_index=True)
    table = side_by_side(read_table(arguments.runs), read_table(arguments.knowledge), layers)
    write_table(arguments.out, table)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__)
    arguments.add_argument("--runs", type=Path, required=True, help="accuracies, train/runs.csv")
    arguments.add_argument("--knowledge", type=Path, required=True, help="interactions/knowledge.csv")
    arguments.add_argument("--layers", type=Path, nargs="+", required=True, help="the layers.csv of all runs")
    arguments.add_argument("--out", type=Path, required=True, help="table to write, e.g. across.csv")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
