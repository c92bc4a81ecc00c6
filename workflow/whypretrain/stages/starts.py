"""Stage starts: which checkpoint should be fine-tuned.

Writes table.csv, a row a target, architecture and seed: fine-tuned accuracy, what people predict it by (linear probe,
k-NN, LogME), cost, and what fine-tuning kept; and predictors.csv, what predicts that accuracy beyond the linear probe.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain.claims.starts import predictors, starts
from whypretrain.config.output import Statistics
from whypretrain.config.section import Name, Seeded
from whypretrain.data import load_features
from whypretrain.runtime.files import read_json, read_table, write_table
from whypretrain.stages._run import parser, run


class Config(Seeded):
    """What `--config` holds."""

    probe: Name
    """method of the role reference"""
    finetune: Name
    """method of the role finetune"""
    confidence: float = Statistics().confidence
    """of every interval"""


def stage(arguments: argparse.Namespace) -> None:
    """Measure the features of every start, join what is known of its fine-tuned model, and compare predictors."""
    config, runs = arguments.config, read_table(arguments.runs)
    images = runs[runs["method"] == config.finetune].set_index(["target", "architecture", "seed"])["images_seen"]
    costs = {path.parts[-3:-1]: _gflop(path) for path in arguments.models}
    measured = pd.DataFrame(
        row | {"training_gflop": costs[row["architecture"], str(row["seed"])] * float(images[key])}
        for row in _measured(arguments.features)
        if (key := (row["target"], row["architecture"], row["seed"])) in images.index
    )
    table = starts(
        measured,
        read_table(arguments.across),
        read_table(arguments.agreement),
        probe=config.probe,
        finetune=config.finetune,
    )
    write_table(arguments.out / "table.csv", table)
    write_table(arguments.out / "predictors.csv", predictors(table, confidence=config.confidence, seed=config.seed))


def _measured(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """k-NN and LogME of every file of features, .../ARCHITECTURE/SEED/TARGET.npz."""
    from whypretrain.training.transferability import knn_accuracy, log_evidence

    for path in paths:
        features, labels, train = load_features(path)
        yield {
            "target": path.stem,
            "architecture": path.parts[-3],
            "seed": int(path.parts[-2]),
            "knn": knn_accuracy(features[train], labels[train], features[~train], labels[~train]),
            "logme": log_evidence(features[train], labels[train]),
        }


def _gflop(card: Path) -> float:
    """Operations of a forward and a backward pass of one image, 10^9, by a model's description."""
    from whypretrain.models import architecture_of
    from whypretrain.models.cost import cost

    return cost(architecture_of(read_json(card)["architecture"])).training / 1e9


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--features", required=True, type=Path, nargs="+", help="features of the targets")
    found.add_argument("--models", required=True, type=Path, nargs="+", help="model.json of the pre-trained models")
    found.add_argument("--runs", required=True, type=Path, help="train/runs.csv")
    found.add_argument("--across", required=True, type=Path, help="across.csv")
    found.add_argument("--agreement", required=True, type=Path, help="interactions/agreement.csv")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
