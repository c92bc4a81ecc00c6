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
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from whypretrain import data, files, invariances, models, seeds, training
from whypretrain.corruptions import SEVERITIES, corrupt
from whypretrain.errors import InputError
from whypretrain.stages import _run

FEWEST = 4  # checkpoints of a correlation


def stage(args: argparse.Namespace) -> None:
    """Measure every followed method of the run."""
    versions = _versions(args, seeds.seed_of(args.config["seed"], args.target, "corrupted images"))
    dynamics = files.read_table(args.dynamics)
    corrupted, found = [], []
    for name, folder in args.models.items():
        accuracies = _accuracies(folder, versions)
        spreads = _spreads(dynamics[dynamics["model"] == name])
        corrupted.append(_keyed(accuracies, args, name))
        found.append(_keyed(_correlations(spreads, accuracies), args, name))
    files.write_table(args.out / "corrupted.csv", pd.concat(corrupted))
    files.write_table(args.out / "robustness.csv", pd.concat(found))


def _versions(args: argparse.Namespace, seed: int) -> dict[tuple[str, int], data.ImageSet]:
    """Test images as they are, severity 0, and by corruption and severity."""
    size, what = args.config.get("accuracy_images", 200), f"test images of {args.target}"
    clean = _drawn(data.load(args.data).split("test"), size, seed, what)
    if args.corrupted:
        return {("none", 0): clean, **_published(args.corrupted, clean.classes, size, seed)}
    made = {
        (name, severity): replace(clean, images=corrupt(clean.images, name, severity, seed=seed))
        for name, severity in product(args.config["corruptions"], SEVERITIES)
    }
    return {("none", 0): clean, **made}


def _published(
    folder: Path, classes: list[str], size: int, seed: int
) -> dict[tuple[str, int], data.ImageSet]:
    """By severity, a seeded draw among the images of all corruptions in a data set of corrupted images.

    Raises:
        InputError: where the classes are not those of the target, or the images tell no severity.
    """
    hurt = data.load(folder).split("test")
    if hurt.classes != classes:
        raise InputError(
            f"data set {folder.name!r}: its classes are not the target's; give its own corrupted set"
        )
    told = hurt.manifest["origin"].str.extract(r" ([1-5]) \d+$")[0]
    if told.isna().any():
        raise InputError(
            f"data set {folder.name!r}: images tell no severity; use kind cifar10_c or cifar100_c"
        )
    severities = told.astype(int)
    return {
        (folder.name, severity): _drawn(
            hurt.take(np.flatnonzero(severities == severity)), size, seed, f"images of severity {severity}"
        )
        for severity in sorted(severities.unique())
    }


def _drawn(images: data.ImageSet, size: int, seed: int, what: str) -> data.ImageSet:
    size = min(size, len(images))
    return images.take(data.few_shot(images.labels, size, classes=images.classes, seed=seed, what=what))


def _accuracies(folder: Path, versions: dict[tuple[str, int], data.ImageSet]) -> pd.DataFrame:
    checkpoints = models.load_checkpoints(folder / "checkpoints.safetensors", models.load(folder))
    rows = [
        (step, *version, training.evaluate(model, images)["accuracy"])
        for step, model in checkpoints
        for version, images in versions.items()
    ]
    return pd.DataFrame(rows, columns=["step", "corruption", "severity", "accuracy"])


def _spreads(dynamics: pd.DataFrame) -> dict[str, pd.Series]:
    """By estimator, the spread of forgetting at each step."""
    rows = dynamics[dynamics["metric"] == "forgetting"]
    tables = {
        str(key): part.pivot(index="step", columns="layer", values="value")
        for key, part in rows.groupby("estimator")
    }
    return {key: pd.Series(invariances.spread(table), table.index) for key, table in tables.items()}


def _correlations(spreads: dict[str, pd.Series], accuracies: pd.DataFrame) -> pd.DataFrame:
    """For each first step after 0 that leaves enough checkpoints; NaN where spread or accuracy stands still."""
    table = accuracies[accuracies["severity"] > 0].pivot_table(
        index="step", columns="severity", values="accuracy"
    )
    table = table[table.index > 0]  # the head is untrained at step 0
    rows = []
    for (estimator, spread), start in product(spreads.items(), range(max(0, len(table) - FEWEST + 1))):
        part = table.iloc[start:]
        r, p = _correlation(spread.loc[part.index].to_numpy(), part.to_numpy())
        rows.append((estimator, part.index[0], part.index[0] / table.index[-1], len(part), r, p))
    columns = ["estimator", "first_step", "first_share", "checkpoints", "pearson_r", "p"]
    return pd.DataFrame(rows, columns=columns)


def _correlation(spread: np.ndarray, accuracies: np.ndarray) -> tuple[float, float]:
    try:
        found = invariances.correlate(spread, accuracies)
    except InputError:  # a series that does not vary
        return np.nan, np.nan
    return found.r, found.p


def _keyed(table: pd.DataFrame, args: argparse.Namespace, model: str) -> pd.DataFrame:
    run = {"target": args.target, "architecture": args.architecture, "seed": args.seed, "model": model}
    return pd.concat([pd.DataFrame(run, index=table.index), table], axis=1)


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = _run.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the target's images")
    parser.add_argument("--target", required=True, help="name of the target, as in the tables")
    parser.add_argument("--architecture", required=True, help="name of the architecture, as in the tables")
    parser.add_argument("--seed", type=int, required=True, help="training seed of the models")
    parser.add_argument("--dynamics", type=Path, required=True, help="dynamics.csv of the run")
    _run.add_folders(parser, "--models", "NAME=FOLDER of followed methods")
    parser.add_argument("--corrupted", type=Path, help="folder of the target's corrupted test images")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    _run.run(stage, parser.parse_args(argv))


if __name__ == "__main__":
    main()
