"""Which source images a joint training draws: those of chosen classes or clusters, without copies of test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.config.recipe import Recipe
from whypretrain.data import ImageSet, nearest_similarity
from whypretrain.errors import InputError

# Settings of a recipe that are reported with the images.
_SAID = ("source", "source_loss", "source_weight", "source_ratio", "drop_duplicates")


@dataclass(frozen=True)
class Source:
    """What `train` takes as `source` and `source_classes`, and what was used of it.

    Attributes:
        images: the source; near-duplicates of the target's test images are not training images where they are dropped.
        classes: labels of the chosen classes or clusters; None: all.
        about: source_classes, source_images and duplicates (numbers), and the settings of the recipe.
    """

    images: ImageSet
    classes: list[int] | None
    about: dict[str, Any]


def joint_source(
    source: ImageSet,
    target: ImageSet,
    recipe: Recipe,
    *,
    classes: Sequence[int] | np.ndarray | None = None,
    clusters: np.ndarray | None = None,
) -> Source:
    """The source images that joint fine-tuning on `target` draws from.

    Args:
        source: the data that the model was pre-trained on; its training images are drawn from.
        target: its test images are what the source must not hold copies of.
        recipe: `drop_duplicates` leaves out near-duplicates, images that correlate with a test image at
            `duplicate_similarity` or more; with the loss `consistency` labels are not used.
        classes: the chosen classes, e.g. `rank_classes(...).selected`, or the chosen clusters; None: all.
        clusters: the cluster of each source image, -1 for those of none; with the loss `consistency`.

    Example:
        >>> from whypretrain import data
        >>> digits = data.build("digits", {"kind": "digits", "train_size": 50}, size=8, channels=1, seed=0)
        >>> joint_source(digits, digits, Recipe(source="uot"), classes=[3, 5]).about["source_images"]
        10
    """
    if clusters is not None:
        names = [f"cluster {label}" for label in clusters]
        relabelled = ImageSet(source.images, source.manifest.assign(label=clusters, class_name=names))
        source = relabelled.take(np.flatnonzero(clusters >= 0))
    used = (source.manifest["split"] == "train").to_numpy()
    if classes is not None:
        used = used & np.isin(source.labels, classes)
    alike = np.zeros(len(source), dtype=bool)
    similarity = nearest_similarity(source.images, target.split("test").images, np.flatnonzero(used))
    alike[used] = similarity >= recipe.duplicate_similarity
    if recipe.drop_duplicates:  # as test images they are not trained on, and no class loses its label
        split = source.manifest["split"].mask(alike, "test")
        source = ImageSet(source.images, source.manifest.assign(split=split))
        used = used & ~alike
    about = {
        **{key: getattr(recipe, key) for key in _SAID},
        "source_classes": len(set(source.labels)) if classes is None else len(classes),
        "source_images": int(used.sum()),
        "duplicates": int(alike.sum()),
    }
    return Source(source, None if classes is None else [int(label) for label in classes], about)


def selected_classes(table: pd.DataFrame, recipe: Recipe) -> list[int]:
    """The classes, or clusters, that the recipe's rule chose in a table of the stage select, in the order of labels.

    Args:
        table: columns rule, rank (from 1), class_index and selected.
        recipe: `source` names the rule, `source_classes` how many of the best are taken; None: the selected ones.

    Raises:
        InputError: if the rule chose none, or ranked fewer.
    """
    ranked, number = table[table["rule"] == recipe.source], recipe.source_classes
    if number is not None and 0 < len(ranked) < number:
        raise InputError(f"source_classes: {number} of {len(ranked)} source classes; choose fewer")
    rows = ranked[ranked["selected"].astype(bool) if number is None else ranked["rank"] <= number]
    if rows.empty:
        known = ", ".join(sorted(table["rule"].unique()))
        raise InputError(f"source: rule {recipe.source!r} selects no class; rules of the table: {known}")
    return sorted(rows["class_index"].astype(int))
