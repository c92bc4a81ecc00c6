"""Stage planted: is a planted effect (data sets of kind `planted`) found in its place, and its fate told?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from whypretrain import data
from whypretrain.config.section import Name, Section, Share
from whypretrain.errors import InputError
from whypretrain.interactions import load_scores
from whypretrain.interactions.archive import ScoreArchive
from whypretrain.interactions.effects import effects_of
from whypretrain.interactions.planted import planted_table
from whypretrain.runtime.files import write_table
from whypretrain.runtime.places import DATA_CARD
from whypretrain.stages._run import parser, run

KEPT, REMOVED = "kept", "removed"


class Config(Section):
    """What `--config` holds."""

    reference: Name
    """the method that stands for the pre-trained model"""
    threshold: Share = 0.05
    """salient effects are larger than this fraction of the model's largest"""


def stage(arguments: argparse.Namespace) -> None:
    """Look for the pair of `--source` in the scores on `--targets`; write `--out`, `planted_table` with `fate`: whether
    the target has the same pair (kept) or another one (removed).
    """
    source = data.load(arguments.source)
    targets = {folder.name: data.load(folder) for folder in arguments.targets}
    for place, images in (("--source", source), *targets.items()):
        if "pair" not in images.about:
            raise InputError(f"{place}: {DATA_CARD} names no planted pair; give data of kind planted")
    found = [_looked(load_scores(path), source, targets, arguments.config) for path in arguments.scores]
    write_table(arguments.out, pd.concat(found, ignore_index=True))


def _looked(
    archive: ScoreArchive, source: data.ImageSet, targets: dict[str, data.ImageSet], config: Config
) -> pd.DataFrame:
    target = targets[archive.run["target"]]
    pair, cells, size = source.about["pair"], source.about["cells"], source.images.shape[-1]
    positions = [tuple((2 * place + 1) * size // (2 * cells) for place in divmod(cell, cells)) for cell in pair]
    bright = target.manifest.set_index("id")["origin"].str.split().loc[archive.about["samples"]]
    shown = [set(map(str, pair)) <= set(each) for each in bright]
    table = planted_table(effects_of(archive), positions, shown, reference=config.reference, threshold=config.threshold)
    return table.assign(fate=KEPT if sorted(target.about["pair"]) == sorted(pair) else REMOVED)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--source", required=True, type=Path, help="folder of the pre-training data")
    found.add_argument("--targets", required=True, type=Path, nargs="+", help="folders of the targets' data, by name")
    found.add_argument("--scores", required=True, type=Path, nargs="+", help="archives that the stage score wrote")
    found.add_argument("--out", required=True, type=Path, help="table to write, one row a run, model and image")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
