"""Stage pretrain: train a model on the source data, or bring a checkpoint of one's own into the same form.

Writes model.safetensors, model.json, history.csv (no rows for an imported checkpoint) and metrics.json
(accuracy on the source's test images). A killed run goes on from `<folder>.running`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain import data, files, models
from whypretrain.errors import InputError
from whypretrain.seeds import seed_of
from whypretrain.stages._run import parser, run
from whypretrain.training import parallel
from whypretrain.training.methods import evaluate, train
from whypretrain.training.recipe import Recipe


def stage(arguments: argparse.Namespace) -> None:
    """Make the model of `--out`; config keys: architecture, image, recipe, checkpoint, seed."""
    with parallel.together():
        _make(arguments)


def _make(arguments: argparse.Namespace) -> None:
    config, folder = arguments.config, arguments.out
    source = data.load(arguments.data)
    architecture = _architecture(config, source)
    about: dict[str, Any] = {
        "source": arguments.data.name,
        "architecture": folder.parent.name,
        "seed": arguments.seed,
    }
    if config.get("checkpoint"):
        checkpoint = config["checkpoint"]
        model, notes = models.import_checkpoint(architecture, checkpoint, source.classes, seed=arguments.seed)
        about |= {"checkpoint": checkpoint, "notes": notes}
        history = pd.DataFrame({"step": [], "loss": []})
        metrics: dict[str, Any] = {}  # no head for the source: no accuracy
    else:
        recipe = Recipe.from_config({"start": "random", **config.get("recipe", {})}, "pretrain")
        recipe = recipe.lasting(len(source.rows("train")))
        seed = recipe.seed(config.get("seed", 0), "pretrain", arguments.seed)
        model = models.build(architecture, source.classes, seed=seed_of(seed, "start"))
        running = folder.with_name(f"{folder.name}.running")
        result = train(model, source, recipe, seed=seed, checkpoint_file=running)
        about["recipe"], history = recipe.as_config(), result.history
        scores = evaluate(model, source, split="test", batch_size=recipe.micro_batch)
        metrics = {**scores, "steps": recipe.steps, "images_seen": result.images_seen}
        if recipe.precision != "float32":
            metrics["precision"] = result.precision
    if not files.leads():
        return
    models.save(model, folder, about)
    files.write_table(folder / "history.csv", history)
    files.write_json(
        folder / "metrics.json",
        {**{key: about[key] for key in ("source", "architecture", "seed")}, **metrics},
    )


def _architecture(config: dict[str, Any], source: data.ImageSet) -> models.Architecture:
    """The config's architecture; mean and std are the source's unless the config names them."""
    for key in ("architecture", "image"):
        if key not in config:
            raise InputError(f"--config: no {key}; it needs architecture and image")
    image = {key: config["image"][key] for key in ("size", "channels")}
    statistics = {key: source.about[key] for key in ("mean", "std") if key in source.about}
    return models.Architecture.from_dict({**image, **statistics, **config["architecture"]})


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--data", required=True, type=Path, help="folder of the source data")
    found.add_argument("--seed", required=True, type=int, help="training seed")
    found.add_argument("--out", required=True, type=Path, help="folder to write, .../ARCHITECTURE/SEED")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
