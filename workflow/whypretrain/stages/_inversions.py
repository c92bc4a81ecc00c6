"""What is inverted and how, the same for the tables of invariances and for the pilot."""

from __future__ import annotations

from typing import Any

import numpy as np

from whypretrain import data, seeds
from whypretrain.invariances import PRESETS, Schedule


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


def schedule(config: dict[str, Any], shape: tuple[int, ...]) -> Schedule:
    """The config's: `preset`, scaled to images of `shape` (C, H, W), or else `step_size`, `steps` and `decay`."""
    if config.get("preset"):
        return PRESETS[config["preset"]].scaled(shape)
    return Schedule(config["step_size"], config["steps"], config.get("decay", False))
