"""Decide the papers' claims from the experiment's tables, and sum the experiment up in its headline numbers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from whypretrain.claims import decide, headline, load, load_scales, scale_runs, scale_table, write_verdicts
from whypretrain.config.output import Statistics
from whypretrain.config.section import Name, Seeded
from whypretrain.errors import InputError
from whypretrain.runtime.files import read_table, write_json, write_table
from whypretrain.stages._run import parser, run


class Config(Statistics, Seeded):
    """What `--config` holds."""

    cast: Mapping[str, list[Name]] | None = None
    """the methods that have each part in the papers' comparisons; null: parts are names of methods"""
    setting: Mapping[str, Mapping[str, str]] | None = None
    """architecture and pretraining by network, data by target; null: unknown, and no published number is decided"""


def stage(arguments: argparse.Namespace) -> None:
    """Read the claims and the tables of `--input`, decide, and write `--out` and the table by setting next to it."""
    rule, claims = load(arguments.claims)
    config, tables = arguments.config, {name: read_tables(files) for name, *files in arguments.input}
    scales = load_scales(arguments.scales) if arguments.scales else []
    on_scale = {"scale": scale_runs(scales, tables, cast=config.cast)} if scales else {}
    verdicts = decide(claims, {**tables, **on_scale}, rule, **config.plain())
    write_verdicts(arguments.out, verdicts)
    if arguments.scale:
        write_table(arguments.scale, scale_table(scales, tables, cast=config.cast, confidence=config.confidence))
    if arguments.headline:
        if "across" not in tables:
            raise InputError("--headline needs the table of all models; give --input across FILE")
        write_json(arguments.headline, headline(tables["across"], verdicts, arguments.config.confidence))


def read_tables(files: Sequence[str]) -> pd.DataFrame:
    """The files' rows under one another.

    Raises:
        InputError: if no file is given or one is not readable.
    """
    if not files:
        raise InputError("--input takes a table's name and at least one file")
    return pd.concat([read_table(file) for file in files], ignore_index=True)


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    arguments = parser(__doc__, Config)
    arguments.add_argument("--claims", type=Path, required=True, help="the claims (YAML)")
    arguments.add_argument(
        "--input", nargs="+", action="append", default=[], metavar=("NAME", "FILE"), help="a table, by name"
    )
    arguments.add_argument("--out", type=Path, required=True, help="table to write, one row a claim")
    arguments.add_argument("--scales", type=Path, help="floors and ceilings of metrics (YAML)")
    arguments.add_argument("--scale", type=Path, help="table to write, metrics between floor and ceiling")
    arguments.add_argument("--headline", type=Path, help="headline numbers to write, e.g. headline.json")
    run(stage, arguments.parse_args(argv))


if __name__ == "__main__":
    main()
