"""Stage diff: what differs between a trained model and the pre-trained one, weight by weight and image by image.

Writes weights.csv, a row a block (see `whypretrain.models.weight_changes`), and images.csv, a row a test image: what
the model and the linear probe on the pre-trained one predict, their divergence and its chance level.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from whypretrain import data, models
from whypretrain.config.section import Seeded
from whypretrain.models.weight_changes import weight_changes
from whypretrain.runtime import files
from whypretrain.runtime.seeds import seed_of
from whypretrain.stages._run import add_run, parser, run, run_of
from whypretrain.training.disagreement import chance_divergence, divergence
from whypretrain.training.trainer import probabilities


def stage(arguments: argparse.Namespace) -> None:
    """Compare the weights with the pre-trained model's, and the predictions with the probe's; config key: seed."""
    pretrained, probe, model = map(models.load, (arguments.pretrained, arguments.start, arguments.model))
    about = {**run_of(arguments), "model": arguments.method}
    changes = weight_changes(pretrained, model)
    numbers = {name: number for number, name in enumerate(model.block_names, 1)}
    changes.insert(1, "layer", changes["block"].map(numbers).astype("Int64"))
    target = data.load(arguments.target)
    images = target.split("test").manifest.rename(columns={"id": "sample"})[["sample", "origin", "class_name"]]
    before, after = (probabilities(each, target, split="test") for each in (probe, model))
    names, rows = np.array(model.classes), np.arange(len(images))
    for column, found in (("before", before), ("after", after)):
        best = found.argmax(1)
        images = images.assign(**{f"class_{column}": names[best], f"probability_{column}": found[rows, best]})
    seed = seed_of(arguments.config.seed, "diff", arguments.target.name, arguments.seed)
    images = images.assign(divergence=divergence(before, after), chance=chance_divergence(before, after, seed=seed))
    for name, table in (("weights", changes), ("images", images)):
        files.write_table(arguments.out / f"{name}.csv", pd.DataFrame({**about, **dict(table)}))


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Seeded)
    add_run(found)
    found.add_argument("--start", required=True, type=Path, help="folder of the linear probe on it")
    found.add_argument("--model", required=True, type=Path, help="folder of the trained model")
    found.add_argument("--method", required=True, help="the trained model's method")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
