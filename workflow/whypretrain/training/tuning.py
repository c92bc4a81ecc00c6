"""Settings of a recipe chosen on held-out training images: the test images have no part in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from whypretrain.config.recipe import Recipe
from whypretrain.data import ImageSet
from whypretrain.data.sampling import folds
from whypretrain.errors import InputError

FOLDS = 5  # a fifth of every class is held out at a time


def tuned(
    recipe: Recipe, target: ImageSet, accuracy: Callable[[Recipe, ImageSet], float], *, seed: int
) -> tuple[Recipe, pd.DataFrame]:
    """The recipe with the values of `recipe.tune` that are right on most held-out training images.

    Every combination is trained on four fifths of the training images and judged on the rest, `recipe.tune_folds`
    times with another fifth; the first of equals is chosen.

    Args:
        recipe: without `tune` it comes back as it is, with an empty table.
        target: its training images alone are used.
        accuracy: trains by a recipe on the training images of a set, and returns the accuracy on its test images:
            here on those held out.
        seed: decides which images are held out, the same for every combination and method.

    Returns:
        The chosen recipe, its `tune` empty, and the table of trials: trial, fold, a column for each tuned setting,
        held_out (images), accuracy, chosen.

    Raises:
        InputError: if no class has an image to spare.
    """
    if not recipe.tune:
        return recipe, pd.DataFrame()
    trials, parts = recipe.trials(), list(_held_out(target.split("train"), recipe.tune_folds, seed))
    rows = [
        {"trial": trial, "fold": fold, **values, "held_out": len(part.split("test")), "accuracy": accuracy(tried, part)}
        for trial, (values, tried) in enumerate(trials)
        for fold, part in enumerate(parts)
    ]
    table = pd.DataFrame(rows)
    right = (table["accuracy"] * table["held_out"]).groupby(table["trial"]).sum()
    best = int(np.argmax(np.round(right, 6)))
    return trials[best][1], table.assign(chosen=table["trial"] == best)


def _held_out(images: ImageSet, number: int, seed: int) -> Iterator[ImageSet]:
    """The same images with one fold after another as the test images."""
    fold = folds(images.labels, FOLDS, seed=seed)
    for held_out in range(number):
        if not (fold == held_out).any():
            raise InputError("tune: no class has a training image to hold out; give it more, or fewer tune_folds")
        split = np.where(fold == held_out, "test", "train")
        yield ImageSet(images.images, images.manifest.assign(split=split))
