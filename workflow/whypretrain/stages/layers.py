"""Stage layers: how far every layer of models tuned on text is from the pre-trained one, by CKA on test sentences.

Writes divergence.csv: target, architecture, seed, model, layer (1-based), layer_name, estimator, cka_divergence, and
cka_permuted, the divergence when sentences are paired at random: its largest value. A layer's output is the mean of its
states over the tokens of a sentence.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whypretrain import data, invariances, models
from whypretrain.config.invariances import Inversion
from whypretrain.config.section import Seeded
from whypretrain.invariances.comparison import ESTIMATORS, estimated
from whypretrain.runtime import files
from whypretrain.stages import _inversions
from whypretrain.stages._run import add_folders, run

_BATCH = 64  # sentences in one pass


class Config(Seeded):
    """What `--config` holds."""

    images: int = Inversion().images
    """test sentences, a seeded stratified draw"""


def stage(args: argparse.Namespace) -> None:
    """Compare every model of `--models` with `--pretrained`; config keys: images, seed."""
    config, pretrained = args.config, models.load(args.pretrained)
    test = data.load(args.data).split("test")
    drawn = _inversions.drawn(test, args.target, config.images, seed=config.seed)
    tokens = models.as_input(drawn.images)
    before = invariances.block_grams(pretrained, tokens, batch_size=_BATCH)
    parts = []
    for name, folder in args.models.items():
        after = invariances.block_grams(models.load(folder), tokens, batch_size=_BATCH)
        for estimator in ESTIMATORS:
            chance = invariances.permuted_chance(after, before, estimator)
            table = pd.DataFrame(
                {
                    "layer": range(1, len(before) + 1),
                    "layer_name": pretrained.block_names,
                    "estimator": estimator,
                    "cka_divergence": invariances.cka_divergence(estimated(after, before, estimator)),
                    "cka_permuted": invariances.cka_divergence(chance),
                }
            )
            parts.append(_inversions.keyed(table, args, name))
    files.write_table(args.out / "divergence.csv", pd.concat(parts, ignore_index=True))


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = _inversions.parser(__doc__, Config)
    found.add_argument("--pretrained", required=True, type=Path, help="folder of the pre-trained model")
    add_folders(found, "--models", "NAME=FOLDER of each tuned model")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
