"""Selection study: every top list, concept count, overlap and sensitivity of the class-mean files of others.

The folder holds <pretraining>/<data set>/class_mean_unnorm.pkl and class_count_unnorm.pkl, one data set of
each pre-training being ImageNet, and class_path.pkl, class_names.pkl, class_concept.pkl: the classes of
ImageNet.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain.data.class_means import load_class_means, load_list
from whypretrain.errors import InputError
from whypretrain.files import write_table
from whypretrain.selection.rules import Settings
from whypretrain.selection.study import Grid, Pair, study
from whypretrain.stages._run import parser, run

DEFAULTS: dict[str, Any] = {
    "rules": ["uot", "vote", "nearest", "round_robin", "mean", "balanced_ot", "partial_ot", "random"],
    "classes": 100,  # how many classes are chosen
    "temperature": 0.1,  # smoothing in units of the cosine cost
    "tau_source": 1.0,  # weight of the source marginal, in units of the temperature
    "tau_target": 100.0,  # weight of the target marginal, in units of the temperature
    "seed": 0,  # of the rule `random`
    "grid": asdict(Grid()),  # values of each setting in the sensitivity table
}
_SOURCE, _MEANS, _COUNTS = "ImageNet", "class_mean_unnorm.pkl", "class_count_unnorm.pkl"


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    found = parser(__doc__)
    found.add_argument("--class-means", type=Path, required=True, help="folder of the class-mean files")
    found.add_argument("--out", type=Path, required=True, help="folder for the tables")
    run(stage, found.parse_args(argv))


def stage(args: argparse.Namespace) -> None:
    """Read the files, make the tables, write one CSV each."""
    config = _checked(args.config)
    settings = Settings(
        config["temperature"], config["tau_source"], config["tau_target"], config["classes"], config["seed"]
    )
    pairs = list(_pairs(args.class_means))
    tables = study(pairs, _classes(args.class_means), config["rules"], settings, Grid(**config["grid"]))
    for name, table in tables.items():
        write_table(args.out / f"{name}.csv", table)


def _checked(config: dict[str, Any]) -> dict[str, Any]:
    grid = config.get("grid", {})
    unknown = sorted(set(config) - set(DEFAULTS)) + [
        f"grid.{key}" for key in grid if key not in DEFAULTS["grid"]
    ]
    if unknown:
        raise InputError(f"selection_study: unknown key {unknown[0]}: the keys are {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **config, "grid": {**DEFAULTS["grid"], **grid}}


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
