"""Runs of joint fine-tuning with their gains over fine-tuning, and which of them are alike (arXiv:2111.12292)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whypretrain.figures import tables
from whypretrain.figures.settings import Settings

VARIED = {"source_classes": "source classes K", "source_weight": "weight λ", "source_ratio": "ratio μ"}
_RUN = ["architecture", "target", "seed"]


def with_gains(runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The runs with `percent`, the accuracy, and `gain`, its excess over plain fine-tuning of that run, in points.

    Raises:
        InputError: if the runs lack plain fine-tuning or the joint method.
    """
    for method in (settings.model, settings.joint):
        tables.some(runs, "runs", method=method)
    runs = runs.assign(percent=100 * runs["accuracy"])
    alone = tables.only(runs, method=settings.model).set_index(_RUN)["percent"]
    return runs.assign(gain=runs["percent"] - alone.reindex(pd.MultiIndex.from_frame(runs[_RUN])).to_numpy())


def alike(runs: pd.DataFrame, settings: Settings, *, free: tuple[str, ...]) -> np.ndarray:
    """Whether a run's source settings are those of the joint method of its target, but for the free ones.

    Runs whose settings were chosen by trials, or that leave out near-duplicates, are not. The rule `all`, and
    clusters in place of classes, have their own number of classes where the rule is free.
    """
    reference = tables.only(runs, method=settings.joint).groupby("target").first()
    alike = (runs["source"].notna() & runs["trials"].isna() & ~runs["drop_duplicates"].eq(True)).to_numpy()
    for column in {"source", "source_loss", *VARIED} - set(free):
        same = (runs[column] == runs["target"].map(reference[column])).to_numpy()
        own = (runs["source"] == "all") | (runs["source_loss"] == "consistency")
        exempt = column == "source_classes" and "source" in free
        alike = alike & (same | (exempt & own.to_numpy()))
    return alike
