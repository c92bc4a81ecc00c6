"""Stage import_method: a model that was trained elsewhere, written as a trained model is.

Writes model.safetensors, model.json, metrics.json (accuracy on the target's test images), history.csv (no rows) and
checkpoints.safetensors (what its training left, by step; none without `checkpoint_files`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain import data, models
from whypretrain.config.recipe import Imported
from whypretrain.errors import InputError
from whypretrain.models.run_folders import last_number
from whypretrain.runtime import files
from whypretrain.runtime.places import CHECKPOINTS
from whypretrain.stages._run import add_run, parser, run, run_of
from whypretrain.training.trainer import evaluate


class Config(Imported):
    """What `--config` holds."""

    normalised: bool = False
    """whether the config names the mean and std of the architecture"""


def stage(arguments: argparse.Namespace) -> None:
    """Read the model and its checkpoints; config keys: weights, checkpoint_files, state, normalised."""
    config, target = arguments.config, data.load(arguments.target)
    architecture = models.load(arguments.pretrained).architecture
    about = {**run_of(arguments), "method": arguments.method}
    if not config.weights:
        raise InputError(f"train.methods.{arguments.method}: no weights; give weights: file:PATH")

    def read(source: str) -> tuple[models.Classifier, list[str]]:
        given: dict[str, Any] = {"normalised": config.normalised, "choice": config.state}
        return models.import_checkpoint(architecture, source, target.classes, head_needed=True, **given)

    model, notes = read(config.weights)
    if not any(note.startswith("images are normalised") for note in notes):
        told = f"mean {list(architecture.mean)}, std {list(architecture.std)}"
        notes.insert(0, f"images are normalised as for the pre-trained model: {told}")
    steps = _by_step(config)
    checkpoints = {step: read(f"file:{path}")[0].state_dict() for step, path in steps.items()}
    if steps:
        notes.append(f"its training is followed over {len(steps)} checkpoints, steps {min(steps)} to {max(steps)}")
    for note in notes:
        print(f"{arguments.method}: {note}", file=sys.stderr)
    models.save(model, arguments.out, {**about, "checkpoint": config.weights, "notes": notes})
    models.save_checkpoints(checkpoints, arguments.out / CHECKPOINTS)
    files.write_table(arguments.out / "history.csv", pd.DataFrame({"step": [], "loss": []}))
    files.write_json(arguments.out / "metrics.json", {**about, **evaluate(model, target, split="test")})


def _by_step(config: Config) -> dict[int, str]:
    """The files of the training by step, which is the last number in a file's name.

    Raises:
        InputError: if the pattern names no file, or a name has no number, or two have the same.
    """
    found: dict[int, str] = {}
    paths = [path for key, path in config.places().items() if key.startswith("checkpoint_files")]
    if config.checkpoint_files and not Path(paths[0]).exists():
        raise InputError(f"checkpoint_files: {config.checkpoint_files} names no file; check the pattern")
    for path in paths:
        number = last_number(Path(path).name)
        if not number or int(number[0]) in found:
            why = f"the same step as {found[int(number[0])]}" if number else "no number in its name, which is the step"
            raise InputError(f"checkpoint_files: {path} has {why}; give a pattern of numbered files")
        found[int(number[0])] = path
    return dict(sorted(found.items()))


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    add_run(found)
    found.add_argument("--method", required=True, help="the method's name in the config")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
