"""Stage probe: a linear probe on cached features of a pre-trained model, written as a model like any other.

Writes model.safetensors (the pre-trained backbone, the probe as head), model.json and metrics.json. The mode
`strong` does without torch: the weights are copied as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.numpy

from whypretrain.config.recipe import Method
from whypretrain.config.section import Seeded
from whypretrain.data import load_features
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.places import DATA_CARD, MODEL
from whypretrain.runtime.seeds import seed_of
from whypretrain.stages._run import parser, run
from whypretrain.training import LinearProbe, Recipe, fit_probe, scores


class Config(Seeded):
    """What `--config` holds."""

    method: Method
    """the method, and in mode `paper` the recipe of the others"""


def stage(arguments: argparse.Namespace) -> None:
    """Fit the probe; config keys: mode (strong | paper), seed, and for `paper` those of a recipe."""
    own = arguments.config.method.plain()
    mode, root = own.pop("mode", "strong"), arguments.config.seed
    own.pop("start", None)
    recipe = Recipe.from_config(own, f"train.{arguments.method}") if mode == "paper" else None
    features, labels, is_train = load_features(arguments.features)
    recipe = recipe and recipe.lasting(int(is_train.sum()))
    seed = seed_of(root, "train", arguments.target, arguments.seed)
    probe = fit_probe(features[is_train], labels[is_train], seed=seed, mode=mode, recipe=recipe)
    about = {key: getattr(arguments, key) for key in ("target", "architecture", "method", "seed")}
    classes = files.read_json(arguments.data / DATA_CARD)["classes"]
    _save(probe, arguments.pretrained, arguments.out, classes, {**about, "probe": probe.about})
    found = scores(probe.predict(features[~is_train]), labels[~is_train])
    files.write_json(arguments.out / "metrics.json", {**about, **found, **_effort(recipe, int(is_train.sum()))})


def _save(probe: LinearProbe, pretrained: Path, folder: Path, classes: list[str], provenance: dict[str, Any]) -> None:
    """The pre-trained model's files with the probe in place of the head, in the form of `models.save`."""
    weights, description = (pretrained / name for name in MODEL)
    card = files.read_json(description)
    if not weights.is_file() or files.sha256(weights) != card["sha256"]:
        raise InputError(f"{weights}: missing, or not the file that {description} is about; make the model again")
    kept = {name: value for name, value in safetensors.numpy.load_file(weights).items() if name.startswith("backbone.")}
    state = kept | {"head.weight": probe.weight, "head.bias": probe.bias}
    with files.atomic(folder / weights.name) as temporary:
        temporary.write_bytes(safetensors.numpy.save(state))
    sha256 = files.sha256(folder / weights.name)
    files.write_json(
        folder / description.name, {**card, "classes": classes, "provenance": provenance, "sha256": sha256}
    )


def _effort(recipe: Recipe | None, images: int) -> dict[str, int]:
    """Steps, and images that went through the backbone: each training image once, its features are kept."""
    return {"steps": recipe.steps if recipe else 0, "images_seen": images, "n_train": images}


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config, data=[DATA_CARD])
    found.add_argument("--features", required=True, type=Path, help="the target's features, an .npz")
    found.add_argument("--pretrained", required=True, type=Path, help="folder of the pre-trained model")
    found.add_argument("--data", required=True, type=Path, help="folder of the target data")
    found.add_argument("--target", required=True, help="the target's name")
    found.add_argument("--architecture", required=True, help="the architecture's name in the config")
    found.add_argument("--method", required=True, help="the method's name in the config")
    found.add_argument("--seed", required=True, type=int, help="training seed")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
