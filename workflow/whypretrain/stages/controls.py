"""Stage controls: models next to the methods of one architecture and seed on one target, which bound what they keep.

`reinitialised_probe` is a linear probe on the untrained network that the stage score has, too; `sham` is one on a
backbone that was trained on by the recipe of fine-tuning, on the source. Each leaves model.safetensors, model.json and
metrics.json in its folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from whypretrain import data, models
from whypretrain.config.parts import REINITIALISED, REINITIALISED_PROBE, SHAM
from whypretrain.config.recipe import Recipe
from whypretrain.config.section import Seeded
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.seeds import seed_of
from whypretrain.stages._run import add_folders, add_run, parser, run, run_of
from whypretrain.training.controls import probed, sham_tuned
from whypretrain.training.trainer import evaluate


class Config(Seeded):
    """What `--config` holds."""

    recipe: Recipe | None = None
    """of fine-tuning, which sham repeats"""


def stage(arguments: argparse.Namespace) -> None:
    """Make the control of each `--out`."""
    config, target = arguments.config, data.load(arguments.target)
    about = run_of(arguments)
    seed = seed_of(config.seed, "train", about["target"], arguments.seed)
    for control, folder in arguments.out.items():
        backbone, more = _backbone(control, arguments, models.load(arguments.pretrained), target)
        model = probed(backbone, target, seed=seed)
        models.save(model, folder, {**about, "method": control, **more})
        found = evaluate(model, target, split="test")
        files.write_json(folder / "metrics.json", {**about, "method": control, **found})


def _backbone(
    control: str, arguments: argparse.Namespace, pretrained: models.Classifier, target: data.ImageSet
) -> tuple[models.Classifier, dict[str, Any]]:
    """What a control's probe is fitted on, and how it was made."""
    config = arguments.config
    if control == REINITIALISED_PROBE:
        seed = seed_of(config.seed, arguments.seed, REINITIALISED)
        return models.build(pretrained.architecture, target.classes, seed=seed), {}
    if control != SHAM:
        raise InputError(f"--out: control {control!r} is unknown; use {REINITIALISED_PROBE} or {SHAM}")
    if config.recipe is None or arguments.source is None:
        raise InputError(f"--out: control {SHAM!r} needs --source and the recipe of fine-tuning")
    steps = config.recipe.lasting(len(target.rows("train"))).steps
    seed = seed_of(config.seed, SHAM, arguments.target.name, arguments.seed)
    model = sham_tuned(pretrained, data.load(arguments.source), config.recipe, steps=steps, seed=seed)
    return model, {"source": arguments.source.name, "steps": steps, "recipe": config.recipe.as_config()}


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    add_run(found)
    found.add_argument("--source", type=Path, help="folder of the source data, for sham")
    add_folders(found, "--out", "CONTROL=FOLDER of each control")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
