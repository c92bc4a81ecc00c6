"""Selection study: every top list, concept count, overlap and sensitivity of the class-mean files of others.

The folder holds <pretraining>/<data set>/class_mean_unnorm.pkl and class_count_unnorm.pkl, one data set of
each pre-training being ImageNet, and class_path.pkl, class_names.pkl, class_concept.pkl: the classes of
ImageNet.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from whypretrain.config.section import Seeded
from whypretrain.config.selection import Study
from whypretrain.data.class_means import load_class_means, load_list
from whypretrain.errors import InputError
from whypretrain.runtime.files import write_table
from whypretrain.selection.rules import Settings
from whypretrain.selection.study import Grid, Pair, study
from whypretrain.stages._run import parser, run

_SOURCE, _MEANS, _COUNTS = "ImageNet", "class_mean_unnorm.pkl", "class_count_unnorm.pkl"


class Config(Study, Seeded):
    """What `--config` holds."""


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    found = parser(__doc__, Config)
    found.add_argument("--out", type=Path, required=True, help="folder for the tables")
    run(stage, found.parse_args(argv))


def stage(args: argparse.Namespace) -> None:
    """Read the files, make the tables, write one CSV each."""
    config = args.config
    settings = Settings(config.temperature, config.tau_source, config.tau_target, config.classes, config.seed)
    if config.class_means is None:
        raise InputError("--config: no class_means; give the folder of the class-mean files")
    folder = Path(config.class_means)
    tables = study(list(_pairs(folder)), _classes(folder), config.rules, settings, Grid(), centre=config.centre)
    for name, table in tables.items():
        write_table(args.out / f"{name}.csv", table)


def _classes(folder: Path) -> pd.DataFrame:
    files = {"class_id": "class_path.pkl", "class_name": "class_names.pkl", "concept": "class_concept.pkl"}
    return pd.DataFrame({column: load_list(folder / name) for column, name in files.items()})


def _pairs(folder: Path) -> Iterator[Pair]:
    sources = sorted(folder.glob(f"*/{_SOURCE}/{_MEANS}"))
    if not sources:
        raise InputError(f"{folder}: no */{_SOURCE}/{_MEANS}: fetch the class means first")
    for source in sources:
        means, counts = load_class_means(source), load_class_means(source.with_name(_COUNTS))
        for target in sorted(source.parent.parent.glob(f"*/{_MEANS}")):
            if target != source:
                pretraining, name = target.parent.parent.name, target.parent.name
                yield Pair(pretraining, name, means, load_class_means(target), counts)


if __name__ == "__main__":
    main()
