"""Stage interactions: from stored scores to tables of what was preserved, discarded and learned."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain import interactions
from whypretrain.files import write_table
from whypretrain.interactions import Effects
from whypretrain.stages._run import parser, run

DEFAULTS: dict[str, Any] = {
    "threshold": 0.05,
    "thresholds": [0.0, 0.01, 0.03, 0.05, 0.1],
    "reference": "probe",
    "references": [],
    "finetune": "finetune",
    "scratch": "scratch",
    "players": [],
    "pairs": [],
    "top": 3,
}


def stage(arguments: argparse.Namespace) -> None:
    """Read the archives `--scores` and write one table each to the folder `--out`."""
    config = DEFAULTS | arguments.config
    runs = [interactions.effects_of(interactions.load_scores(path)) for path in arguments.scores]
    for name, table in tables(runs, config).items():
        write_table(arguments.out / f"{name}.csv", table)


def tables(runs: Sequence[Effects], config: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """All tables of all runs by name."""
    reference, threshold = config["reference"], config["threshold"]
    models = {"reference": reference, "scratch": config["scratch"], "threshold": threshold}

    def of_all(table: Callable[..., pd.DataFrame], **options: Any) -> pd.DataFrame:
        return pd.concat([table(effects, **options) for effects in runs], ignore_index=True)

    similarity = of_all(interactions.similarity_table)
    counts = of_all(interactions.knowledge_table, **models, normalise=False, rule="count")
    return {
        "knowledge": pd.concat(
            [
                of_all(interactions.knowledge_table, **models, normalise=normalise)
                for normalise in (True, False)
            ]
        ),
        "salient": counts.drop(columns="normalised"),  # a model's salient set does not depend on its scale
        "sensitivity": of_all(
            interactions.sensitivity_table,
            references=[reference, *config["references"]],
            scratch=config["scratch"],
            thresholds=config["thresholds"],
            players=config["players"],
        ),
        "similarity": similarity,
        "dynamics": interactions.dynamics_table(similarity),
        "sparsity": of_all(interactions.sparsity_table),
        "matching": of_all(interactions.matching_table, thresholds=config["thresholds"]),
        "strongest": of_all(
            interactions.strongest_table, reference=reference, threshold=threshold, top=config["top"]
        ),
        "controls": interactions.controls_table(
            runs, finetune=config["finetune"], pairs=[tuple(pair) for pair in config["pairs"]], **models
        ),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument(
        "--scores", required=True, type=Path, nargs="+", help="archives that the stage score wrote"
    )
    found.add_argument(
        "--out", required=True, type=Path, help="folder to write, e.g. results/default/interactions"
    )
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
