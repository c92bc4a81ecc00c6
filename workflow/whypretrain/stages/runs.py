"""Stage runs: metrics, histories and trials of all runs as runs, pretraining, history, tuning and target_sizes .csv."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from whypretrain.config.section import Name, Section
from whypretrain.runtime import files
from whypretrain.stages._run import parser, run

_KEYS = ["target", "architecture", "method", "seed"]
_VALUES = ["accuracy", "mean_class_accuracy", "n_test", "steps", "images_seen", "n_train"]
_SOURCE = ["source", "source_loss", "source_classes", "source_weight", "source_ratio", "drop_duplicates"]
_COUNTS = ["source_images", "duplicates"]  # of joint training; duplicates nearly are test images of the target
_PRETRAINING = ["source", "architecture", "seed", "accuracy", "mean_class_accuracy", "n_test", "steps"]
_TRIALS = ["trials"]  # settings tried on held-out training images; none: empty


class Config(Section):
    """What `--config` holds."""

    variants: Mapping[Name, Name] = {}
    """target: the data set that it is a variant of"""
    baseline: Name | None = None
    """method over which gains are counted"""


def stage(arguments: argparse.Namespace) -> None:
    """One row a run in runs.csv, one a step in history.csv (probes have none), one a trial in tuning.csv.

    runs.csv and pretraining.csv keep the order of the files given, that of the config, which figures and pages follow.
    target_sizes.csv has one row a run and method but `baseline`: its gain in accuracy over that, the variants of a
    target under the target's name; without a baseline no gain is known. pretraining.csv has one row a pre-trained
    model: its accuracy on the test images of its source, empty for a checkpoint of one's own. Config keys: variants
    (variant -> target), baseline.
    """
    metrics = {path.parent: files.read_json(path) for path in arguments.metrics}
    runs = pd.DataFrame(list(metrics.values())).reindex(columns=[*_KEYS, *_VALUES, *_SOURCE, *_COUNTS, *_TRIALS])
    files.write_table(arguments.out / "runs.csv", runs)
    pretrained = pd.DataFrame([files.read_json(path) for path in arguments.pretrained])
    pretrained = pretrained.reindex(columns=_PRETRAINING)
    files.write_table(arguments.out / "pretraining.csv", pretrained)
    files.write_table(arguments.out / "target_sizes.csv", _target_sizes(runs, arguments.config))
    files.write_table(arguments.out / "history.csv", _gathered(metrics, "history.csv", ["step"]))
    files.write_table(arguments.out / "tuning.csv", _gathered(metrics, "tuning.csv", ["trial", "fold"]))


def _target_sizes(runs: pd.DataFrame, config: Config) -> pd.DataFrame:
    run = ["target", "architecture", "seed"]
    is_baseline = runs["method"] == config.baseline
    alone = runs[is_baseline].set_index(run)["accuracy"].reindex(pd.MultiIndex.from_frame(runs[run])).to_numpy()
    sizes = runs.assign(gain=runs["accuracy"] - alone, variant=runs["target"])
    sizes["target"] = sizes["target"].replace(dict(config.variants))
    columns = ["target", "architecture", "method", "seed", "variant", "n_train", "gain"]
    return sizes.loc[~is_baseline, columns].rename(columns={"n_train": "train_size"})


def _gathered(metrics: dict[Path, dict], name: str, order: list[str]) -> pd.DataFrame:
    """The table `name` of every run that has one, under its keys."""
    tables = [_keyed(folder / name, about) for folder, about in metrics.items() if (folder / name).exists()]
    table = pd.concat(tables) if tables else pd.DataFrame(columns=[*_KEYS, *order])
    return table.sort_values([*_KEYS, *order])


def _keyed(path: Path, about: dict) -> pd.DataFrame:
    table = files.read_table(path)
    for place, key in enumerate(_KEYS):
        table.insert(place, key, about[key])
    return table


def _next_to_metrics(arguments: argparse.Namespace) -> list[Path]:
    """Tables of the runs, where they have them."""
    places = [path.with_name(name) for path in arguments.metrics for name in ("history.csv", "tuning.csv")]
    return [place for place in places if place.is_file()]


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics.json of every run")
    found.add_argument("--pretrained", type=Path, nargs="*", default=[], help="metrics.json of pre-trained models")
    found.add_argument("--out", required=True, type=Path, help="folder to write, e.g. results/default/train")
    run(stage, found.parse_args(argv), _next_to_metrics)


if __name__ == "__main__":
    main()
