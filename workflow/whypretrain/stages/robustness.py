"""Robustness: accuracy on corrupted images along a training, and its correlation with uneven forgetting.

Reads the dynamics of one run, its checkpoints and the target's test images, which are corrupted here, or a published
data set of corrupted ones (`--corrupted`). Writes into `--out` corrupted.csv (step, corruption, severity, accuracy) and
robustness.csv (estimator, first_step, first_share, checkpoints, pearson_r, p). pearson_r is that of the accuracy with
the standard deviation of forgetting over the layers from the second on, over the checkpoints from first_step on, which
is first_share of the run, mean over severities (arXiv:2307.06006, section 4.4). A later one leaves early training out.

Config: corruptions, accuracy_images, seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from whypretrain import data, invariances, models, training
from whypretrain.config import invariances as settings
from whypretrain.config.section import Seeded
from whypretrain.data.corruptions import by_severity, corrupted
from whypretrain.runtime import files, seeds
from whypretrain.runtime.places import CHECKPOINTS, MODEL
from whypretrain.stages import _inversions, _run


class Config(settings.Robustness, Seeded):
    """What `--config` holds."""


def stage(args: argparse.Namespace) -> None:
    """Measure every followed method of the run."""
    versions = _versions(args, seeds.seed_of(args.config.seed, args.target, "corrupted images"))
    dynamics = files.read_table(args.dynamics)
    measured, found = [], []
    for name, folder in args.models.items():
        accuracies = _accuracies(folder, versions)
        measured.append(_inversions.keyed(accuracies, args, name))
        correlations = invariances.correlations(dynamics[dynamics["model"] == name], accuracies)
        found.append(_inversions.keyed(correlations, args, name))
    files.write_table(args.out / "corrupted.csv", pd.concat(measured))
    files.write_table(args.out / "robustness.csv", pd.concat(found))


def _versions(args: argparse.Namespace, seed: int) -> dict[tuple[str, int], data.ImageSet]:
    """Test images as they are, severity 0, and by corruption and severity."""
    size, what = args.config.accuracy_images, f"test images of {args.target}"
    clean = _drawn(data.load(args.data).split("test"), size, seed, what)
    if not args.corrupted:
        return {("none", 0): clean, **corrupted(clean, args.config.corruptions, seed=seed)}
    published = by_severity(data.load(args.corrupted).split("test"), clean.classes, args.corrupted.name)
    hurt = {
        (args.corrupted.name, severity): _drawn(images, size, seed, f"images of severity {severity}")
        for severity, images in published.items()
    }
    return {("none", 0): clean, **hurt}


def _drawn(images: data.ImageSet, size: int, seed: int, what: str) -> data.ImageSet:
    size = min(size, len(images))
    return images.take(data.few_shot(images.labels, size, classes=images.classes, seed=seed, what=what))


def _accuracies(folder: Path, versions: dict[tuple[str, int], data.ImageSet]) -> pd.DataFrame:
    checkpoints = models.load_checkpoints(folder / CHECKPOINTS, models.load(folder))
    rows = [
        (step, *version, training.evaluate(model, images)["accuracy"])
        for step, model in checkpoints
        for version, images in versions.items()
    ]
    return pd.DataFrame(rows, columns=["step", "corruption", "severity", "accuracy"])


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = _inversions.parser(__doc__, Config, models=[*MODEL, CHECKPOINTS])
    parser.add_argument("--dynamics", type=Path, required=True, help="dynamics.csv of the run")
    _run.add_folders(parser, "--models", "NAME=FOLDER of followed methods")
    parser.add_argument("--corrupted", type=Path, help="folder of the target's corrupted test images")
    _run.run(stage, parser.parse_args(argv))


if __name__ == "__main__":
    main()
