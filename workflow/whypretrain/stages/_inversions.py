"""What the stages of invariances share: which images are drawn, how they are inverted, and how rows are keyed."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from whypretrain import data
from whypretrain.config import invariances as inverting
from whypretrain.config.section import Section
from whypretrain.invariances import Schedule
from whypretrain.runtime import seeds
from whypretrain.stages import _run


def parser(description: str | None, config: type[Section], **read: Iterable[str]) -> argparse.ArgumentParser:
    """The arguments that name a run's images and tables."""
    found = _run.parser(description, config, **read)
    found.add_argument("--data", type=Path, required=True, help="folder of the target's images")
    found.add_argument("--target", required=True, help="name of the target, as in the tables")
    found.add_argument("--architecture", required=True, help="name of the architecture, as in the tables")
    found.add_argument("--seed", type=int, required=True, help="training seed of the models")
    found.add_argument("--out", type=Path, required=True, help="folder to write")
    return found


def keyed(table: pd.DataFrame, args: argparse.Namespace, model: str) -> pd.DataFrame:
    """The table with the columns that name the run and the model before its own."""
    run = {key: getattr(args, key) for key in ("target", "architecture", "seed")}
    return pd.concat([pd.DataFrame({**run, "model": model}, index=table.index), table], axis=1)


def drawn(test: data.ImageSet, target: str, size: int, *, seed: int, repeat: int = 0) -> data.ImageSet:
    """A stratified draw of test images; of fewer images than classes, a draw of one image from some classes each.

    Raises:
        InputError: more images than there are, or a class without enough of them.
    """
    seed = seeds.seed_of(seed, target, "invariance images", repeat)
    number, what = max(size, len(test.classes)), f"test images of {target}"
    rows = data.few_shot(test.labels, number, classes=test.classes, seed=seed, what=what)
    few = seeds.generator(seed, "fewer than classes").choice(rows, size, replace=False)
    return test.take(np.sort(few))


def schedule(config: inverting.Schedule) -> Schedule:
    """The config's steps."""
    return Schedule(config.step_size, config.steps, config.decay)
