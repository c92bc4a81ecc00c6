"""Select: rank the source classes for one target by every rule, from the class means of the two data sets.

Writes the table OUT (one row a rule and class) and, next to it with suffix .json, each rule's certificate and
diagnostics. With clusters of source images in place of classes, their concepts are those of most of their images.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.config.section import Seeded
from whypretrain.config.selection import Transport
from whypretrain.data.class_means import load_class_means
from whypretrain.runtime.files import read_json, write_json, write_table
from whypretrain.runtime.places import DATA_CARD
from whypretrain.runtime.seeds import seed_of
from whypretrain.selection import RULES, Ranking, main_concepts, rank_classes
from whypretrain.selection.rules import rankings
from whypretrain.stages._run import parser, run


class Config(Transport, Seeded):
    """What `--config` holds."""


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    found = parser(__doc__, Config, source_data=[DATA_CARD])
    found.add_argument("--features", type=Path, required=True, help="features of the source (.npz with class_means)")
    found.add_argument("--target-features", type=Path, required=True, help="the same of the target, same model")
    found.add_argument("--clusters", type=Path, help="clusters of the source, ranked in place of its classes")
    found.add_argument("--source-data", type=Path, required=True, help="folder of the source data set")
    found.add_argument("--target", required=True)
    found.add_argument("--architecture", required=True)
    found.add_argument("--seed", type=int, required=True, help="seed of the pre-trained model")
    found.add_argument("--out", type=Path, required=True, help="table to write (.csv)")
    run(stage, found.parse_args(argv))


def stage(args: argparse.Namespace) -> None:
    """Rank by each rule and write table and diagnostics."""
    config = args.config
    about = _clusters(args) if args.clusters else read_json(args.source_data / DATA_CARD)
    source, target = load_class_means(args.clusters or args.features), load_class_means(args.target_features)
    keys = {"target": args.target, "architecture": args.architecture, "seed": args.seed}
    draw = seed_of(config.seed, args.target, args.architecture, args.seed)
    named = rankings(config.rules, config.centre)
    found = {name: _rank(source, target, *how, config, draw, about["classes"]) for name, how in named.items()}
    tables = [
        ranking.table(about["classes"], about["concepts"]).assign(rule=name, **keys) for name, ranking in found.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    write_table(args.out, table[[*keys, *table.columns.drop(list(keys))]])
    write_json(
        args.out.with_suffix(".json"),
        {**keys, "rules": {name: ranking.diagnostics() for name, ranking in found.items()}},
    )


def _clusters(args: argparse.Namespace) -> dict[str, Any]:
    """Names of the clusters, and the concept of most images of each: told to the reader, not used."""
    about, labels = read_json(args.source_data / DATA_CARD), load_class_means(args.features, key="labels")
    clusters = load_class_means(args.clusters, key="labels")
    concepts = main_concepts(clusters, np.asarray(about["concepts"])[labels])
    return {"classes": [f"cluster {number}" for number in range(len(concepts))], "concepts": concepts}


def _rank(
    source: np.ndarray, target: np.ndarray, rule: str, centre: bool, config: Config, draw: int, classes: list[str]
) -> Ranking:
    fixed = config.temperature == "auto" and rule in RULES and not RULES[rule].tempered
    return rank_classes(
        source,
        target,
        rule=rule,
        temperature=Config().temperature if fixed else config.temperature,
        tau_source=config.tau_source,
        tau_target=config.tau_target,
        k=config.classes,
        seed=draw,
        centre=centre,
        source_names=classes,
    )


if __name__ == "__main__":
    main()
