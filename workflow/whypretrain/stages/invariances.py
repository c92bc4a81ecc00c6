"""Invariances: invert the pre-trained and every tuned model block by block, and compare them with controls.

Reads the target's test images, the pre-trained model and the tuned models; writes into `--out` layers.csv and
flow.csv (columns: `whypretrain.invariances.compare`) and pictures.npz. The images are one seeded stratified draw
of the target's test split, the same for all models and seeds; the noise differs by training seed.

Config: images, steps, step_size, decay, batch_size, pictures, seed, repeats.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from whypretrain import data, files, invariances, models, seeds
from whypretrain.errors import InputError
from whypretrain.stages import _run

KEYS = {
    "layers": ["target", "architecture", "seed", "model", "layer", "layer_name", "estimator"],
    "flow": ["target", "architecture", "seed", "model", "estimator", "reference_layer", "tested_layer"],
}


def stage(args: argparse.Namespace) -> None:
    """Compare every tuned model with the pre-trained one; average the tables over `repeats` draws."""
    config, folders = args.config, {"pretrained": args.pretrained, **_named(args.models)}
    loaded = {name: models.load(folder) for name, folder in folders.items()}
    test = data.load(args.data).split("test")
    tables: dict[str, list[pd.DataFrame]] = {"layers": [], "flow": []}
    for repeat in range(config.get("repeats", 1)):
        images = models.as_input(test.images[_drawn(test, config, args.target, repeat)])
        subjects = _examined(
            loaded, images, config, seeds.seed_of(config["seed"], args.seed, "noise", repeat)
        )
        if repeat == 0:
            _write_pictures(args.out / "pictures.npz", images, subjects, config["pictures"])
        pre = subjects.pop("pretrained")
        for name, tuned in subjects.items():
            for kind, table in zip(("layers", "flow"), invariances.compare(pre, tuned), strict=True):
                tables[kind].append(_keyed(table, args, name))
    for kind, keys in KEYS.items():
        mean = pd.concat(tables[kind]).groupby(keys, sort=False, as_index=False).mean()
        files.write_table(args.out / f"{kind}.csv", mean)


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = _run.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the target's images")
    parser.add_argument("--target", required=True, help="name of the target, as in the tables")
    parser.add_argument("--architecture", required=True, help="name of the architecture, as in the tables")
    parser.add_argument("--seed", type=int, required=True, help="training seed of the models")
    parser.add_argument("--pretrained", required=True, help="folder of the pre-trained model")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME=FOLDER", help="the tuned models")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    _run.run(stage, parser.parse_args(argv))


def _named(pairs: list[str]) -> dict[str, str]:
    named = dict(pair.partition("=")[::2] for pair in pairs)
    if len(named) < len(pairs) or "pretrained" in named or not all(named.values()):
        raise InputError(
            f"--models {' '.join(pairs)}: write NAME=FOLDER, distinct names, none of them `pretrained`"
        )
    return named


def _drawn(test: data.ImageSet, config: dict[str, Any], target: str, repeat: int) -> np.ndarray:
    """Rows of a stratified draw; of fewer images than classes, a draw of one image from some classes each."""
    size, seed = config["images"], seeds.seed_of(config["seed"], target, "invariance images", repeat)
    rows = data.few_shot(
        test.labels,
        max(size, len(test.classes)),
        classes=test.classes,
        seed=seed,
        what=f"test images of {target}",
    )
    return np.sort(seeds.generator(seed, "fewer than classes").choice(rows, size, replace=False))


def _examined(
    loaded: dict[str, models.Classifier], images: torch.Tensor, config: dict[str, Any], seed: int
) -> dict[str, invariances.Subject]:
    settings = {key: config[key] for key in ("steps", "step_size", "batch_size")} | {
        "decay": config.get("decay", False)
    }
    return {name: invariances.examine(model, images, **settings, seed=seed) for name, model in loaded.items()}


def _keyed(table: pd.DataFrame, args: argparse.Namespace, model: str) -> pd.DataFrame:
    keys = {"target": args.target, "architecture": args.architecture, "seed": args.seed, "model": model}
    return pd.concat([pd.DataFrame(keys, index=table.index), table], axis=1)


def _write_pictures(
    path: Path, images: torch.Tensor, subjects: dict[str, invariances.Subject], count: int
) -> None:
    """uint8 arrays: `images` and `noise` (count, C, H, W), and of each model (blocks, count, C, H, W)."""
    shown = {"images": images, "noise": subjects["pretrained"].inversions[0].start}
    shown |= {
        name: torch.stack([made.images for made in subject.inversions], dim=1)
        for name, subject in subjects.items()
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
