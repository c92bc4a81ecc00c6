"""Accuracy of every model, and learning with forgetting over its layers (arXiv:2307.06006, Table 1, App. C.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, marks, published, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import Look, looks
from whypretrain.figures.wording import span
from whypretrain.statistics import pearson

KINDS = {"pearson_r": "Pearson r", "accuracy": "accuracy"}
_KEYS = ["architecture", "target", "model", "kind"]
_BEFORE = "pretrained"  # accuracy on the test images of its own source


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one line a model; all published values in columns of their own."""
    shown, theirs = _measured(given, settings), _published(given, settings)
    cells, papers = tables.cells(shown), published.targets(theirs)
    styles = looks([*shown["model"], *theirs["model"]], settings)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells), *map(published.title, papers)],
        kinds=len(KINDS),
        height=0.35 + 0.13 * len(styles),
        title=_title(shown, settings),
        note=_note(given["layers"], settings, theirs),
    )
    columns = [tables.in_cell(shown, cell) for cell in cells]
    columns += [tables.only(theirs, target=target) for target in papers]
    for panel, (column, rows) in enumerate(zip(grid.axes, columns, strict=True)):
        for kind, axis in zip(KINDS, column, strict=True):
            _draw(axis, tables.only(rows, kind=kind), styles, labelled=grid.is_first(panel))
            axis.set_xlim(*((-1.08, 1.08) if kind == "pearson_r" else (0, 1.04)))
            axis.set_xlabel(KINDS[kind])
    for target, column in zip(papers, grid.axes[len(cells) :], strict=True):
        published.mark(column, target)
    return figure, published.with_theirs(shown, theirs, [*_KEYS, "estimate", "origin"])


def _title(shown: pd.DataFrame, settings: Settings) -> str:
    """The correlation of the fine-tuned model."""
    model = settings.cast.roles.get(Role.FINETUNE)
    found = tables.only(shown, kind="pearson_r", model=model)["estimate"].dropna()
    if found.empty:
        return "Learning and forgetting over the layers, and accuracy"
    return f"Layers that learn forget, too: r = {span(found, 2)} in the {settings.cast[str(model)].label} model"


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
    return tables.by_seed(table, _KEYS, "value", settings.confidence)


def _r(layers: pd.DataFrame) -> float:
    return pearson(layers["learning"].to_numpy(), layers["forgetting"].to_numpy())


def _published(given: Mapping[str, Any], settings: Settings) -> pd.DataFrame:
    """All rows of App. C.1 and Table 1, and the accuracy of the paper's network on ImageNet."""
    right, accuracy = (
        published.rows(given.get(f"published_{name}"), settings) for name in ("correlations", "accuracy")
    )
    if right.empty or accuracy.empty:
        return right[:0]
    before = tables.only(accuracy, model=settings.cast.name_of("finetune")).assign(model=_BEFORE, kind="accuracy")
    parts = [
        right.assign(kind="pearson_r", estimate=right["pearson_r_recomputed"]),
        accuracy.assign(kind="accuracy", estimate=accuracy["accuracy"]),
        before.assign(estimate=before["pretraining_accuracy"]),
    ]
    return pd.concat([part[[*_KEYS, "estimate", "origin"]] for part in parts], ignore_index=True)


def _draw(axis: Axes, rows: pd.DataFrame, styles: Mapping[str, Look], *, labelled: bool) -> None:
    for place, model in enumerate(styles):
        for _, row in tables.only(rows, model=model).iterrows():
            interval = row.reindex(["estimate", "low", "high"]).astype(float).clip(-1, 1)
            marks.mean(axis, interval, place, styles[model])
    marks.categories(axis, [look.label for look in styles.values()], shown=labelled)
    if rows.empty or not np.isfinite(rows["estimate"]).any():
        canvas.say_empty(axis)


def _note(layers: pd.DataFrame, settings: Settings, theirs: pd.DataFrame) -> str:
    bars = tables.seed_words(layers, settings.confidence)
    note = (
        f"{tables.seeds(layers)}; mean and {bars}. Pearson correlation over layers, linear CKA, "
        f"{settings.estimator}. Pre-trained: accuracy on its own source."
    )
    return note + (
        ""
        if theirs.empty
        else " Grey panels: arXiv:2307.06006, App. C.1 and Table 1, ViT-B/32 from ImageNet; its nearby source is "
        "CIFAR-100 for CIFAR-10 and the other way round."
    )
