"""Select: rank the source classes for one target by every rule, from the class means of the two data sets.

Writes the table OUT (one row a rule and class) and, beside it with suffix .json, each rule's certificate and
diagnostics. With clusters of source images in place of classes, their concepts are those of most of their images.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.data.class_means import load_class_means
from whypretrain.errors import InputError
from whypretrain.files import read_json, write_json, write_table
from whypretrain.seeds import seed_of
from whypretrain.selection import Ranking, rank_classes
from whypretrain.stages._run import parser, run

DEFAULTS: dict[str, Any] = {
    "rules": ["uot", "vote", "nearest", "round_robin", "mean", "balanced_ot", "partial_ot", "random", "all"],
    "classes": 20,  # how many classes are chosen
    "temperature": 0.1,  # smoothing in units of the cosine cost, or "auto"
    "tau_source": 1.0,  # weight of the source marginal, in units of the temperature
    "tau_target": 100.0,  # weight of the target marginal, in units of the temperature
    "seed": 0,  # of the rule `random`, which draws anew for every target, architecture and model seed
}


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    found = parser(__doc__)
    found.add_argument(
        "--features", type=Path, required=True, help="features of the source (.npz with class_means)"
    )
    found.add_argument(
        "--target-features", type=Path, required=True, help="the same of the target, same model"
    )
    found.add_argument("--clusters", type=Path, help="clusters of the source, ranked in place of its classes")
    found.add_argument("--source-data", type=Path, required=True, help="folder of the source data set")
    found.add_argument("--target", required=True)
    found.add_argument("--architecture", required=True)
    found.add_argument("--seed", type=int, required=True, help="seed of the pre-trained model")
    found.add_argument("--out", type=Path, required=True, help="table to write (.csv)")
    run(stage, found.parse_args(argv))


def stage(args: argparse.Namespace) -> None:
    """Rank by each rule and write table and diagnostics."""
    config = _checked(args.config)
    about = _clusters(args) if args.clusters else read_json(args.source_data / "data.json")
    source, target = load_class_means(args.clusters or args.features), load_class_means(args.target_features)
    keys = {"target": args.target, "architecture": args.architecture, "seed": args.seed}
    draw = seed_of(config["seed"], args.target, args.architecture, args.seed)
    rankings = [_rank(source, target, rule, config, draw, about["classes"]) for rule in config["rules"]]
    tables = [_table(ranking, about, keys) for ranking in rankings]
    write_table(args.out, pd.concat(tables, ignore_index=True))
    write_json(args.out.with_suffix(".json"), {**keys, "rules": {r.rule: _diagnostics(r) for r in rankings}})


def _checked(config: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(config) - set(DEFAULTS))
    if unknown:
        raise InputError(f"select: unknown key {unknown[0]}: the keys are {', '.join(DEFAULTS)}")
    return {**DEFAULTS, **config}


def _clusters(args: argparse.Namespace) -> dict[str, Any]:
    """Names of the clusters, and the concept of most images of each: told to the reader, not used."""
    about, labels = read_json(args.source_data / "data.json"), load_class_means(args.features, key="labels")
    clusters = load_class_means(args.clusters, key="labels")
    concepts, concept = np.unique(about["concepts"], return_inverse=True)
    counts = np.zeros((clusters.max() + 1, len(concepts)), dtype=np.int64)
    np.add.at(counts, (clusters[clusters >= 0], concept[labels[clusters >= 0]]), 1)
    names = [f"cluster {number}" for number in range(len(counts))]
    return {"classes": names, "concepts": concepts[counts.argmax(1)].tolist()}


def _rank(
    source: np.ndarray, target: np.ndarray, rule: str, config: dict[str, Any], draw: int, classes: list[str]
) -> Ranking:
    tempered = rule in ("uot", "vote") or config["temperature"] != "auto"
    return rank_classes(
        source,
        target,
        rule=rule,
        temperature=config["temperature"] if tempered else DEFAULTS["temperature"],
        tau_source=config["tau_source"],
        tau_target=config["tau_target"],
        k=config["classes"],
        seed=draw,
        source_names=classes,
    )


def _table(ranking: Ranking, about: dict[str, Any], keys: dict[str, Any]) -> pd.DataFrame:
    order = ranking.order
    return pd.DataFrame(
        {
            **keys,
            "rule": ranking.rule,
            "rank": np.arange(1, len(order) + 1),
            "class_index": order,
            "class_name": np.asarray(about["classes"], dtype=object)[order],
            "concept": np.asarray(about["concepts"], dtype=object)[order],
            "score": ranking.score[order],
            "selected": np.isin(order, ranking.selected),
        }
    )


def _diagnostics(ranking: Ranking) -> dict[str, Any]:
    return {
        "selected": ranking.selected.tolist(),
        "classes": ranking.k,
        "temperature": ranking.temperature,
        "effective_classes": ranking.effective_classes,
        "mass_top_k": ranking.mass_top_k,
        "gap_at_k": ranking.gap_at_k,
        "certificate": asdict(ranking.certificate) if ranking.certificate else None,
    }


if __name__ == "__main__":
    main()
