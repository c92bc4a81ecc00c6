"""The published values of arXiv:2307.06006 next to ours: which of its data sets and models is which of ours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY

ARCHITECTURE = "vit_base_patch32"
_TARGETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "eurosat": "EuroSAT", "oxford_pets": "Oxford Pet"}
_DEFAULT = "cifar10"
_PARTS = {  # of the cast
    ("imagenet", "classification"): "finetune",
    ("imagenet", "reconstruction"): "reconstruct",
    ("cifar100", "classification"): "neighbour",
    ("cifar10", "classification"): "neighbour",
    ("random", "classification"): "scratch_from_start",  # the paper compares it with its own start
}
_ALWAYS = {"finetune", "scratch_from_start"}
_NAMES = {"oxford_pet": "oxford_pets", "cka_div": "cka_divergence"}


def rows(
    table: pd.DataFrame | None,
    settings: Settings,
    targets: Iterable[str] | None = None,
    models: Iterable[str] | None = None,
) -> pd.DataFrame:
    """The published rows that correspond to what was measured, with our names in architecture, target and model.

    Arguments:
        table: published values with the column target_dataset, and pretraining and task where there are several.
        targets: of ours; where none of them is the paper's, CIFAR-10 stands for them. All of the paper's by default.
        models: of ours; the paper's fine-tuned and its random start are shown whatever was measured. All by default.
    """
    if table is None:
        return pd.DataFrame(columns=["architecture", "target", "model", "origin"])
    usual = {"pretraining": "imagenet", "task": "classification"}
    table = table.assign(**{key: value for key, value in usual.items() if key not in table})
    part = [_PARTS[key] for key in zip(table["pretraining"], table["task"], strict=True)]
    table = table.assign(
        architecture=ARCHITECTURE,
        target=table["target_dataset"].replace(_NAMES),
        model=list(map(settings.cast.name_of, part)),
        origin="published",
    )
    if "metric" in table:
        table["metric"] = table["metric"].replace(_NAMES)
    if targets is not None:
        shared = table["target"].isin(set(targets))
        table = table[shared if shared.any() else table["target"] == _DEFAULT]
    if models is None:
        return table
    return table[table["model"].isin({*models, *map(settings.cast.name_of, _ALWAYS)})]


def targets(theirs: pd.DataFrame) -> list[str]:
    """The data sets of published rows, one panel each, in the paper's order."""
    return [target for target in _TARGETS if (theirs["target"] == target).any()]


def title(target: str) -> str:
    """Title of a published panel."""
    return f"paper: {_TARGETS[target]}"


def mark(column: np.ndarray, target: str) -> None:
    """Set a column of published panels apart: grey ground, and whose values they are."""
    column[0].set_title(title(target), color=GREY)
    for axis in column:
        axis.set_facecolor("#F2F2F2")


def with_theirs(ours: pd.DataFrame, theirs: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """The table of what is shown: ours, then the published rows with these columns."""
    measured = ours.assign(origin="measured")
    return measured if theirs.empty else pd.concat([measured, theirs[list(columns)]], ignore_index=True)
