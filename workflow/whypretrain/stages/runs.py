"""Stage runs: gather metrics and histories of all training runs into two tables, runs.csv and history.csv."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whypretrain import files
from whypretrain.stages._run import parser, run

_KEYS = ["target", "architecture", "method", "seed"]
_VALUES = ["accuracy", "mean_class_accuracy", "n_test", "steps", "images_seen", "n_train"]
_SOURCE = ["source", "source_loss", "source_classes", "source_weight", "source_ratio"]  # none: empty
_COUNTS = [
    "source_images",
    "duplicates",
]  # of joint training; duplicates nearly are test images of the target


def stage(arguments: argparse.Namespace) -> None:
    """One row a run in runs.csv, one a step in history.csv (probes have none), sorted by the keys."""
    metrics = {path.parent: files.read_json(path) for path in arguments.metrics}
    runs = pd.DataFrame(list(metrics.values())).reindex(columns=[*_KEYS, *_VALUES, *_SOURCE, *_COUNTS])
    histories = [
        _history(folder / "history.csv", about)
        for folder, about in metrics.items()
        if (folder / "history.csv").exists()
    ]
    history = pd.concat(histories) if histories else pd.DataFrame(columns=[*_KEYS, "step"])
    files.write_table(arguments.out / "runs.csv", runs.sort_values(_KEYS))
    files.write_table(arguments.out / "history.csv", history.sort_values([*_KEYS, "step"]))


def _history(path: Path, about: dict) -> pd.DataFrame:
    table = files.read_table(path)
    for place, key in enumerate(_KEYS):
        table.insert(place, key, about[key])
    return table


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics.json of every run")
    found.add_argument("--out", required=True, type=Path, help="folder to write, e.g. results/default/train")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
