"""Stage pretrain: train a model on the source data, or bring a checkpoint of one's own into the same form.

Writes model.safetensors, model.json, history.csv (no rows for an imported checkpoint) and metrics.json
(accuracy on the source's test images). A killed run resumes from `<folder>.running`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import Field

from whypretrain import data, models
from whypretrain.config.grid import Image
from whypretrain.config.models import Pretrained
from whypretrain.config.recipe import Recipe, RecipeChanges
from whypretrain.config.section import Seeded
from whypretrain.errors import InputError
from whypretrain.models.blocks import WHOLE
from whypretrain.runtime import files
from whypretrain.runtime.places import DATA, DATA_CARD, TOKENS
from whypretrain.runtime.seeds import seed_of
from whypretrain.stages._run import parser, run
from whypretrain.training import parallel
from whypretrain.training.trainer import evaluate, train


class Config(Pretrained, Seeded):
    """What `--config` holds."""

    image: Image
    """what the model takes"""
    recipe: RecipeChanges = Field(default_factory=RecipeChanges)
    """how it is trained, where no checkpoint is given"""


def stage(arguments: argparse.Namespace) -> None:
    """Make the model of `--out`; config keys: architecture, image, recipe, checkpoint, seed."""
    with parallel.together():
        _make(arguments)


def _make(arguments: argparse.Namespace) -> None:
    config, folder = arguments.config, arguments.out
    card = files.read_json(arguments.data / DATA_CARD)
    architecture, remarks = _encoder(card) if config.encoder else _architecture(config, card)
    name = None if arguments.without_source else arguments.data.name
    about: dict[str, Any] = {"source": name, "architecture": folder.parent.name, "seed": arguments.seed}
    if checkpoint := config.checkpoint:
        given: dict[str, Any] = {"seed": arguments.seed, "choice": config.state, "weights": arguments.weights}
        if config.encoder:
            model, notes = models.import_encoder(architecture, checkpoint, card["classes"], **given)
        else:
            given["normalised"] = _normalised(config)
            model, notes = models.import_checkpoint(architecture, checkpoint, card["classes"], **given)
        told = any(note.startswith("images are normalised as") for note in notes)  # by the checkpoint itself
        about |= {"checkpoint": checkpoint, "notes": notes if told else remarks + notes}
        if config.redrawn:
            seed = seed_of(config.seed, "redrawn", arguments.seed)
            about["notes"].append(models.redraw(model, config.redrawn, seed=seed))
        history = pd.DataFrame({"step": [], "loss": []})
        metrics: dict[str, Any] = {}  # no head for the source: no accuracy
    else:
        source = data.load(arguments.data)
        recipe = Recipe.from_config({"start": "random", **config.recipe.plain()}, "pretrain")
        recipe = recipe.lasting(len(source.rows("train")))
        seed = recipe.seed(config.seed, "pretrain", arguments.seed)
        model = models.build(architecture, source.classes, seed=seed_of(seed, "start"))
        running = folder.with_name(f"{folder.name}.running")
        result = train(model, source, recipe, seed=seed, checkpoint_file=running)
        about["recipe"], history = recipe.as_config(), result.history
        masked = recipe.task == "masked"  # no head for the source: no accuracy
        scores = {} if masked else evaluate(model, source, split="test", batch_size=recipe.micro_batch)
        metrics = {**scores, "steps": recipe.steps, "images_seen": result.images_seen}
        if recipe.precision != "float32":
            metrics["precision"] = result.precision
    if not files.leads():
        return
    if model.block_names == [WHOLE]:
        about.setdefault("notes", []).append(
            f"the blocks of {architecture.name} are not known: its invariances are those of its features alone"
        )
    for note in about.get("notes", []):
        print(f"{folder.parent.name}: {note}", file=sys.stderr)
    models.save(model, folder, about)
    files.write_table(folder / "history.csv", history)
    files.write_json(
        folder / "metrics.json", {**{key: about[key] for key in ("source", "architecture", "seed")}, **metrics}
    )


def _encoder(card: Mapping[str, Any]) -> tuple[models.Encoder, list[str]]:
    """The encoder that the sentences were tokenised for."""
    if "encoder" not in card:
        raise InputError("--data: holds no tokens; give the folder that the stage tokens wrote for this model")
    return models.Encoder.from_dict(card["encoder"]), []


def _architecture(config: Config, source: Mapping[str, Any]) -> tuple[models.Architecture, list[str]]:
    """The config's architecture, and a remark where its mean and std follow from something else.

    Where the config names none, they are timm's own of a network that comes with weights, else those of the source.
    """
    statistics = {key: source[key] for key in ("mean", "std") if key in source}
    assert config.architecture is not None
    own = {key: value for key, value in config.architecture.plain().items() if value is not None}
    found = models.Architecture.from_dict({**config.image.plain(), **statistics, **own})
    if not config.checkpoint or _normalised(config) or config.checkpoint.startswith(("timm:", "torchvision:")):
        return found, []
    usual = models.usual_normalisation(found)
    found, whose = (usual, f"timm has for {found.name}") if usual else (found, "the source data have")
    kept = found.changed(**{key: own[key] for key in ("mean", "std") if key in own})
    return kept, [f"images are normalised by what {whose}: mean {list(kept.mean)}, std {list(kept.std)}"]


def _normalised(config: Config) -> bool:
    network = config.architecture
    return network is not None and None not in (network.mean, network.std)


def _trained_on(arguments: argparse.Namespace) -> list[Path]:
    """The images, where the model is trained here."""
    names = () if arguments.config.checkpoint else TOKENS if arguments.config.encoder else DATA
    return [arguments.data / name for name in names]


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config, data=[DATA_CARD])
    found.add_argument("--data", required=True, type=Path, help="folder of the source data")
    found.add_argument(
        "--without-source", action="store_true", help="--data are those of a target, for want of a source"
    )
    found.add_argument("--weights", type=Path, help="folder of the checkpoint's weights, where they were fetched")
    found.add_argument("--seed", required=True, type=int, help="training seed")
    found.add_argument("--out", required=True, type=Path, help="folder to write, .../ARCHITECTURE/SEED")
    run(stage, found.parse_args(argv), _trained_on)


if __name__ == "__main__":
    main()
