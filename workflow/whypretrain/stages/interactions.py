"""Stage interactions: from stored scores to tables of what was preserved, discarded and learned."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain import interactions
from whypretrain.files import write_table
from whypretrain.interactions import Effects, ScoreArchive
from whypretrain.stages._run import parser, run

DEFAULTS: dict[str, Any] = {
    "kind": "and",
    "rule": "effect",
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


MEASURED = "default"  # the variant that all tables but sensitivity are about


def stage(arguments: argparse.Namespace) -> None:
    """Read the archives `--scores` and those of each `--variant`; write one table each to the folder `--out`."""
    config = DEFAULTS | arguments.config
    archives = [interactions.load_scores(path) for path in arguments.scores]
    found = tables(archives, config)
    variants = [
        found["sensitivity"].assign(variant=MEASURED),
        *(
            sensitivity([effects_in(path, config) for path in paths], config | {"players": []}).assign(
                variant=name
            )
            for name, *paths in arguments.variant
        ),
    ]
    found["sensitivity"] = pd.concat(variants, ignore_index=True)
    for name, table in found.items():
        write_table(arguments.out / f"{name}.csv", table)


def effects_in(path: str, config: dict[str, Any]) -> Effects:
    """Effects of the configured kind of an archive's scores."""
    return interactions.effects_of(interactions.load_scores(path), kind=config["kind"])


def tables(archives: Sequence[ScoreArchive], config: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """All tables of all runs by name; those on single effects and on training are about AND effects."""
    reference, threshold = config["reference"], config["threshold"]
    models = {"reference": reference, "scratch": config["scratch"], "threshold": threshold}
    ands = [interactions.effects_of(archive) for archive in archives]
    runs = ands
    if config["kind"] != "and":
        runs = [interactions.effects_of(archive, kind=config["kind"]) for archive in archives]
    counting = {"rule": config["rule"]}
    similarity = of_all(ands, interactions.similarity_table)
    counts = of_all(runs, interactions.knowledge_table, **models, normalise=False, rule="count")
    return {
        "knowledge": pd.concat(
            [
                of_all(runs, interactions.knowledge_table, **models, **counting, normalise=normalise)
                for normalise in (True, False)
            ]
        ),
        "salient": counts.drop(columns="normalised"),  # a model's salient set does not depend on its scale
        "sensitivity": sensitivity(runs, config),
        "similarity": similarity,
        "dynamics": interactions.dynamics_table(similarity),
        "sparsity": of_all(ands, interactions.sparsity_table),
        "matching": of_all(ands, interactions.matching_table, thresholds=config["thresholds"]),
        "strongest": of_all(
            ands, interactions.strongest_table, reference=reference, threshold=threshold, top=config["top"]
        ),
        "controls": interactions.controls_table(
            runs,
            finetune=config["finetune"],
            pairs=[tuple(pair) for pair in config["pairs"]],
            **models,
            **counting,
        ),
    }


def sensitivity(runs: Sequence[Effects], config: dict[str, Any]) -> pd.DataFrame:
    """The table of shares under every setting of the analysis."""
    return of_all(
        runs,
        interactions.sensitivity_table,
        references=[config["reference"], *config["references"]],
        scratch=config["scratch"],
        thresholds=config["thresholds"],
        players=config["players"],
        rule=config["rule"],
    )


def of_all(runs: Sequence[Effects], table: Callable[..., pd.DataFrame], **options: Any) -> pd.DataFrame:
    """The tables of all runs, one below the other."""
    return pd.concat([table(effects, **options) for effects in runs], ignore_index=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument(
        "--scores", required=True, type=Path, nargs="+", help="archives that the stage score wrote"
    )
    found.add_argument(
        "--variant",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "SCORES"),
        help="archives of the same scored with other settings; may be repeated",
    )
    found.add_argument(
        "--out", required=True, type=Path, help="folder to write, e.g. results/default/interactions"
    )
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
