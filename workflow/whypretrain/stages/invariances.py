"""Invariances: invert the pre-trained and every tuned model block by block, and compare them with controls.

Reads the target's test images, the pre-trained model and the tuned models; writes into `--out` layers.csv and
flow.csv (columns: `whypretrain.invariances.compare`), dynamics.csv (`whypretrain.invariances.follow`, and accuracy)
and pictures.npz. The images are one seeded stratified draw of the target's test split, the same for all models and
seeds; the noise differs by training seed. Of several `repeats` the tables hold means, repeats, their number, and the
standard deviations over them of what is drawn with a band, e.g. forgetting_sd.

Models in `own_start` are compared a second time, with the weights that their training began from, as
NAME_from_start: so a model from scratch is compared in arXiv:2307.06006. Those in `--starts` began from a model that
was trained on another target, and are compared with that one alone.

Config: images, steps, step_size, decay, batch_size, pictures, seed, repeats, dynamics, learning_along,
own_start, accuracy_images.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from whypretrain import data, invariances, models, training
from whypretrain.config.invariances import Inversion
from whypretrain.config.parts import FROM_START, PRETRAINED
from whypretrain.config.section import Seeded
from whypretrain.errors import InputError
from whypretrain.runtime import files, seeds
from whypretrain.runtime.places import CHECKPOINTS
from whypretrain.stages import _inversions, _run

KEYS = {
    "layers": ["target", "architecture", "seed", "model", "layer", "layer_name", "estimator"],
    "flow": ["target", "architecture", "seed", "model", "estimator", "reference_layer", "tested_layer"],
    "dynamics": ["target", "architecture", "seed", "model", "step", "metric", "layer", "estimator"],
}
SPREAD = {"layers": ["forgetting", "learning", "cka_divergence"], "flow": ["flow", "excess"], "dynamics": ["value"]}


class Config(Inversion, Seeded):
    """What `--config` holds."""


@dataclass(frozen=True)
class _Study:
    """The models of one run with the target's test images."""

    args: argparse.Namespace
    folders: dict[str, Path]
    loaded: dict[str, models.Classifier]
    test: data.ImageSet

    def checkpoints(self, name: str) -> Iterator[tuple[int, models.Classifier]]:
        return models.load_checkpoints(self.folders[name] / CHECKPOINTS, self.loaded[name])

    def listed(self, key: str) -> list[str]:
        """The models that the config names under `key` and that are here."""
        return [name for name in getattr(self.args.config, key) or () if name in self.folders]

    def starts(self) -> dict[str, models.Classifier]:
        """The models that training began from where that is not the pre-trained one, by the rows of the tables."""
        own = {f"{name}{FROM_START}": next(self.checkpoints(name))[1] for name in self.listed("own_start")}
        return {**own, **{name: models.load(folder) for name, folder in self.args.starts.items()}}

    def drawn(self, size: int, repeat: int) -> data.ImageSet:
        seed = self.args.config.seed
        return _inversions.drawn(self.test, self.args.target, size, seed=seed, repeat=repeat)

    def inverting(self, repeat: int) -> dict[str, Any]:
        """How models are inverted: arguments of `invert_blocks` and `examine`."""
        config = self.args.config
        schedule = asdict(_inversions.schedule(config))
        seed = seeds.seed_of(config.seed, self.args.seed, "noise", repeat)
        batch_size = config.batch_size or models.inversion_batch(self.loaded[PRETRAINED])
        return {**schedule, "batch_size": batch_size, "seed": seed}

    def examined(
        self, these: dict[str, models.Classifier], images: torch.Tensor, repeat: int
    ) -> dict[str, invariances.Subject]:
        settings = self.inverting(repeat)
        return {name: invariances.examine(model, images, **settings) for name, model in these.items()}

    def keyed(self, table: pd.DataFrame, model: str) -> pd.DataFrame:
        return _inversions.keyed(table, self.args, model)


def stage(args: argparse.Namespace) -> None:
    """Compare every tuned model with the pre-trained one; average the tables over `repeats` draws."""
    if PRETRAINED in args.models:
        raise InputError(f"--models {' '.join(args.models)}: give names, none of them `{PRETRAINED}`")
    folders = {PRETRAINED: Path(args.pretrained), **args.models}
    loaded = {name: models.load(folder) for name, folder in folders.items()}
    study = _Study(args, folders, loaded, data.load(args.data).split("test"))
    tables: dict[str, list[pd.DataFrame]] = {kind: [] for kind in KEYS}
    for repeat in range(args.config.repeats):
        _measure(study, repeat, tables)
    means = {kind: invariances.averaged(parts, KEYS[kind], SPREAD[kind]) for kind, parts in tables.items()}
    accuracies = [_accuracies(study, name) for name in study.listed("dynamics")]
    dynamics = pd.concat([means["dynamics"], *accuracies], ignore_index=True)
    curves = dynamics[[*KEYS["dynamics"], "value"]]
    means["dynamics"] = invariances.with_peaks(curves).join(dynamics.drop(columns=curves.columns))
    for kind, table in means.items():
        files.write_table(args.out / f"{kind}.csv", table)


def _measure(study: _Study, repeat: int, tables: dict[str, list[pd.DataFrame]]) -> None:
    """Add the tables of one draw of images and noise; the first one also leaves the pictures."""
    config = study.args.config
    images = models.as_input(study.drawn(config.images, repeat).images)
    subjects = study.examined(study.loaded, images, repeat)
    if repeat == 0:
        _write_pictures(study.args.out / "pictures.npz", images, subjects, config.pictures)
    pre = subjects.pop(PRETRAINED)
    pairs = {name: (pre, tuned) for name, tuned in subjects.items()}
    starts = study.examined(study.starts(), images, repeat)
    pairs |= {row: (start, subjects[row.removesuffix(FROM_START)]) for row, start in starts.items()}
    for name, pair in pairs.items():
        for kind, table in zip(("layers", "flow"), invariances.compare(*pair), strict=True):
            tables[kind].append(study.keyed(table, name))
    along = partial(invariances.invert_blocks, images=images, **study.inverting(repeat))
    invert = along if config.learning_along else None
    for name in study.listed("dynamics"):
        followed = invariances.follow(starts.get(name, pre), images, study.checkpoints(name), invert=invert)
        tables["dynamics"].append(study.keyed(followed, name))


def _accuracies(study: _Study, name: str) -> pd.DataFrame:
    """Accuracy at each checkpoint in the columns of the dynamics: layer 0, no estimator."""
    images = study.drawn(min(study.args.config.accuracy_images, len(study.test)), 0)
    found = {step: training.evaluate(model, images)["accuracy"] for step, model in study.checkpoints(name)}
    table = pd.DataFrame({"step": list(found), "metric": "accuracy", "layer": 0, "estimator": "none"})
    return study.keyed(table.assign(value=list(found.values())), name)


def _followed(args: argparse.Namespace) -> list[Path]:
    """Checkpoints that are compared, too."""
    named = {*(args.config.dynamics or ()), *(args.config.own_start or ())}
    return [folder / CHECKPOINTS for name, folder in args.models.items() if name in named]


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = _inversions.parser(__doc__, Config)
    parser.add_argument("--pretrained", required=True, type=Path, help="folder of the pre-trained model")
    _run.add_folders(parser, "--models", "NAME=FOLDER of the tuned models")
    _run.add_folders(parser, "--starts", "NAME=FOLDER of models that NAME began as", required=False)
    _run.run(stage, parser.parse_args(argv), _followed)


def _write_pictures(path: Path, images: torch.Tensor, subjects: dict[str, invariances.Subject], count: int) -> None:
    """uint8 arrays: `images` and `noise` (count, C, H, W), and of each model (blocks, count, C, H, W)."""
    shown = {"images": images, "noise": subjects[PRETRAINED].inversions[0].start}
    shown |= {
        name: torch.stack([made.images for made in subject.inversions], dim=1) for name, subject in subjects.items()
    }
    arrays: dict[str, Any] = {name: _as_bytes(values[:count]) for name, values in shown.items()}
    with files.atomic(path) as temporary:
        np.savez_compressed(temporary, allow_pickle=False, **arrays)


def _as_bytes(images: torch.Tensor) -> np.ndarray:
    """(count, [blocks,] C, H, W) in [0, 1] as uint8, blocks first."""
    values = (images * 255).round().byte().cpu().numpy()
    return values if values.ndim == 4 else values.swapaxes(0, 1)


if __name__ == "__main__":
    main()
