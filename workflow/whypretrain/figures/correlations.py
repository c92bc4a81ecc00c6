"""Accuracy of every model, and learning with forgetting over its layers (arXiv:2307.06006, Table 1, App. C.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, Look, looks
from whypretrain.statistics import pearson

NEEDS = ("layers",)
TAKES = ("runs", "pretraining", "published_correlations", "published_accuracy")
KINDS = {"pearson_r": "Pearson r", "accuracy": "accuracy"}
# The paper's models for CIFAR-10 under the names of ours.
_PUBLISHED = {
    ("imagenet", "classification"): "finetune",
    ("imagenet", "reconstruction"): "reconstruct",
    ("cifar100", "classification"): "neighbour",
    ("random", "classification"): "scratch_from_start",
}

_BEFORE = "pretrained"  # accuracy on the test images of its own source


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one line a model; the published values in a column of their own."""
    shown, published = _measured(given, settings), _published(given)
    cells = tables.cells(shown)
    everything = shown if published is None else pd.concat([shown, published], ignore_index=True)
    styles = looks(everything["model"])
    figure, grid = canvas.page(
        settings,
        panels=len(cells) + (published is not None),
        kinds=len(KINDS),
        height=0.35 + 0.13 * len(styles),
        title="Learning and forgetting over the layers, and the accuracy of the model",
        note=_note(given["layers"], published, settings),
    )
    columns = [tables.in_cell(shown, cell) for cell in cells] + ([] if published is None else [published])
    titles = [tables.cell_title(cell) for cell in cells] + ["published: ViT-B/32"]
    for panel, (column, rows) in enumerate(zip(grid.axes, columns, strict=True)):
        for kind, axis in zip(KINDS, column, strict=True):
            _draw(axis, tables.only(rows, kind=kind), styles, labelled=grid.is_first(panel))
            axis.set_xlim(*((-1.08, 1.08) if kind == "pearson_r" else (0, 1.04)))
            axis.set_xlabel(KINDS[kind])
        column[0].set_title(titles[panel])
    if published is not None:
        grid.axes[-1][0].set_title(titles[-1], color=GREY)
        for axis in grid.axes[-1]:
            axis.set_facecolor("#F2F2F2")
    return figure, everything


def _measured(given: Mapping[str, Any], settings: Settings) -> pd.DataFrame:
    layers = tables.some(given["layers"], "layers", estimator=settings.estimator)
    run = ["architecture", "target", "model", "seed"]
    rows = [(*key, _r(part)) for key, part in layers.groupby(run, sort=False)]  # type: ignore[misc]
    parts = [pd.DataFrame(rows, columns=[*run, "value"]).assign(kind="pearson_r")]
    if "runs" in given:
        named = given["runs"].rename(columns={"method": "model", "accuracy": "value"})
        parts.append(named[named["model"].isin(layers["model"])][[*run, "value"]].assign(kind="accuracy"))
    if "pretraining" in given:
        before = given["pretraining"].rename(columns={"accuracy": "value"}).assign(model=_BEFORE)
        before = layers[["architecture", "target", "seed"]].drop_duplicates().merge(before)
        parts.append(before[[*run, "value"]].assign(kind="accuracy"))
    table = pd.concat(parts, ignore_index=True).dropna(subset="value")
    keys = ["architecture", "target", "model", "kind"]
    return tables.by_seed(table, keys, "value", settings.confidence).assign(origin="measured")


def _r(layers: pd.DataFrame) -> float:
    return pearson(layers["learning"].to_numpy(), layers["forgetting"].to_numpy())


def _published(given: Mapping[str, Any]) -> pd.DataFrame | None:
    if "published_correlations" not in given or "published_accuracy" not in given:
        return None
    sources = {
        "pearson_r": ("published_correlations", "pearson_r_recomputed"),
        "accuracy": ("published_accuracy", "accuracy"),
    }
    parts = []
    for kind, (name, column) in sources.items():
        table = tables.only(given[name], target_dataset="cifar10")
        keys = zip(table["pretraining"], table["task"], strict=True)
        parts.append(
            pd.DataFrame(
                {"model": [_PUBLISHED[key] for key in keys], "kind": kind, "estimate": table[column]}
            )
        )
    before = tables.only(given["published_accuracy"], target_dataset="cifar10", pretraining="imagenet")
    before = pd.DataFrame({"model": _BEFORE, "kind": "accuracy", "estimate": before["pretraining_accuracy"]})
    table = pd.concat([*parts, before], ignore_index=True)
    return table.assign(architecture="vit_base_patch32", target="cifar10", origin="published")


def _draw(axis: Axes, rows: pd.DataFrame, styles: Mapping[str, Look], *, labelled: bool) -> None:
    for place, model in enumerate(styles):
        for _, row in tables.only(rows, model=model).iterrows():
            interval = row.reindex(["estimate", "low", "high"]).astype(float).clip(-1, 1)
            marks.mean(axis, interval, place, styles[model])
    marks.categories(axis, [look.label for look in styles.values()], shown=labelled)
    if rows.empty or not np.isfinite(rows["estimate"]).any():
        canvas.say_empty(axis)


def _note(layers: pd.DataFrame, published: pd.DataFrame | None, settings: Settings) -> str:
    bars = tables.interval_words(
        settings.confidence, "t-interval over seeds", repeated=tables.repeated(layers)
    )
    note = (
        f"{tables.seeds(layers)}; mean and {bars}. Pearson correlation over layers, linear CKA, "
        f"{settings.estimator}."
    )
    return note + (
        " Grey panels: arXiv:2307.06006, App. C.1 and Table 1, CIFAR-10; neighbour: pre-trained on CIFAR-100."
        " Pre-trained: accuracy on its own source, ImageNet in the grey panel."
        if published is not None
        else ""
    )
