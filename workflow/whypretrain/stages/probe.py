"""Stage probe: a linear probe on cached features of a pre-trained model, written as a model like any other.

Writes model.safetensors (the pre-trained backbone, the probe as head), model.json and metrics.json. The mode
`strong` does without torch: the weights are copied as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from whypretrain import files
from whypretrain.errors import InputError
from whypretrain.seeds import seed_of
from whypretrain.stages._run import parser, run
from whypretrain.training import LinearProbe, Recipe, fit_probe, scores


def stage(arguments: argparse.Namespace) -> None:
    """Fit the probe; config keys: mode (strong | paper), seed, and for `paper` those of a recipe."""
    config = dict(arguments.config)
    mode, root = config.pop("mode", "strong"), config.pop("seed", 0)
    config.pop("start", None)
    recipe = Recipe.from_config(config, f"train.{arguments.method}") if mode == "paper" else None
    features, labels, is_train = _features(arguments.features)
    recipe = recipe and recipe.lasting(int(is_train.sum()))
    seed = seed_of(root, "train", arguments.target, arguments.seed)
    probe = fit_probe(features[is_train], labels[is_train], seed=seed, mode=mode, recipe=recipe)
    about = {key: getattr(arguments, key) for key in ("target", "architecture", "method", "seed")}
    classes = files.read_json(arguments.data / "data.json")["classes"]
    _save(probe, arguments.pretrained, arguments.out, classes, {**about, "probe": probe.about})
    found = scores(probe.predict(features[~is_train]), labels[~is_train])
    files.write_json(
        arguments.out / "metrics.json", {**about, **found, **_effort(recipe, int(is_train.sum()))}
    )


def _features(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (N, d), labels (N,) and whether each is for training (N,), as the features stage has them."""
    try:
        with np.load(path, allow_pickle=False) as found:
            return found["features"], found["labels"], found["is_train"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(
            f"{path}: not a readable features file ({error}); remove it and run again"
        ) from error


def _save(
    probe: LinearProbe, pretrained: Path, folder: Path, classes: list[str], provenance: dict[str, Any]
) -> None:
    """The pre-trained model's files with the probe in place of the head, in the form of `models.save`."""
    card, weights = files.read_json(pretrained / "model.json"), pretrained / "model.safetensors"
    if not weights.is_file() or files.sha256(weights) != card["sha256"]:
        raise InputError(
            f"{weights}: missing, or not the file that model.json describes; make the model again"
        )
    kept = {
        name: value
        for name, value in safetensors.numpy.load_file(weights).items()
        if name.startswith("backbone.")
    }
    state = kept | {"head.weight": probe.weight, "head.bias": probe.bias}
    with files.atomic(folder / "model.safetensors") as temporary:
        temporary.write_bytes(safetensors.numpy.save(state))
    sha256 = files.sha256(folder / "model.safetensors")
    files.write_json(
        folder / "model.json", {**card, "classes": classes, "provenance": provenance, "sha256": sha256}
    )


def _effort(recipe: Recipe | None, images: int) -> dict[str, int]:
    """Steps, and images that went through the backbone: each training image once, its features are kept."""
    return {"steps": recipe.steps if recipe else 0, "images_seen": images, "n_train": images}


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--features", required=True, type=Path, help="the target's features, an .npz")
    found.add_argument("--pretrained", required=True, type=Path, help="folder of the pre-trained model")
    found.add_argument("--data", required=True, type=Path, help="folder of the target data")
    found.add_argument("--target", required=True, help="the target's name")
    found.add_argument("--architecture", required=True, help="the architecture's name in the config")
    found.add_argument("--method", default="probe", help="the method's name in the config")
    found.add_argument("--seed", required=True, type=int, help="training seed")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
