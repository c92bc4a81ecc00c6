"""Invariance flow between layers, its null, and its excess over that null (Fig. 4 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from whypretrain.figures import canvas, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import WIDTH, looks

NEEDS = ("flow",)
TAKES = ("published_flow",)
KINDS = {"flow": "flow", "null_flow": "null flow", "excess": "excess"}
_PAPER = "published"


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One row an architecture, on the first target: flow, its null, and their difference."""
    rows = tables.some(given["flow"], "flow", model=settings.model, estimator=settings.estimator)
    rows = tables.only(rows, target=rows["target"].iloc[0])
    shown = _means(rows)
    names, published = list(shown["architecture"].unique()), _published(given.get("published_flow"))
    if published is not None:
        shown = pd.concat([shown, published], ignore_index=True)
    figure, grid, bar = _layout(names, rows, published is not None, settings)
    norm = _norm(shown)
    for line, name in zip(grid, names, strict=True):
        for kind, axis in zip(KINDS, line, strict=False):
            part = tables.only(shown, architecture=name, kind=kind)
            _draw_matrix(axis, part, norm, values=6 if settings.columns == "two" else 0)
        line[0].set_ylabel(f"{name}\ninverted layer")
    if published is not None:
        _draw_matrix(grid[0][-1], tables.only(shown, kind=_PAPER), norm)
        grid[0][-1].set_xlabel("tested layer")
    _label(grid)
    beyond = shown["estimate"].abs().max() > norm.vmax
    figure.colorbar(
        ScalarMappable(norm, "PuOr"),
        cax=bar,
        orientation="horizontal",
        label="difference of two STIR values",
        extend="both" if beyond else "neither",
    )
    bar.tick_params(length=2)
    return figure, shown


def _means(rows: pd.DataFrame) -> pd.DataFrame:
    keys = ["architecture", "target", "reference_layer", "tested_layer"]
    table = rows.groupby(keys, sort=False, as_index=False)[list(KINDS)].mean()
    return table.melt(keys, var_name="kind", value_name="estimate")


def _published(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """The paper's matrix for classifying CIFAR-10; its diagonal is zero by construction."""
    rows = None if table is None else tables.only(table, target_dataset="cifar10", task="classification")
    if rows is None or rows.empty:
        return None
    names = {
        "target_dataset": "target",
        "pt_layer": "reference_layer",
        "ft_layer": "tested_layer",
        "value": "estimate",
    }
    kept = rows.rename(columns=names)[list(names.values())]
    return kept.assign(architecture="vit_base_patch32", kind=_PAPER)


def _layout(
    names: list[str], rows: pd.DataFrame, published: bool, settings: Settings
) -> tuple[Figure, np.ndarray, Axes]:
    columns = len(KINDS) + published
    side = WIDTH[settings.columns] / columns
    figure, body = canvas.canvas(
        settings,
        height=len(names) * (side + 0.2) + 0.45,
        title=f"Invariance flow of the {looks([settings.model])[settings.model].label} model, its null, and "
        "excess",
        note=_note(rows, published, settings),
    )
    spec = body.add_gridspec(len(names) + 1, columns, height_ratios=[1.0] * len(names) + [0.06])
    grid = np.array([[body.add_subplot(spec[r, c]) for c in range(columns)] for r in range(len(names))])
    for unused in grid[1:, len(KINDS) :].ravel():
        unused.set_axis_off()
    return figure, grid, body.add_subplot(spec[-1, :])


def _label(grid: np.ndarray) -> None:
    for axis, heading in zip(grid[0], [*KINDS.values(), "published"], strict=False):
        axis.set_title(heading, fontsize=7)
    for axis in grid[-1, : len(KINDS)]:
        axis.set_xlabel("tested layer")


def _norm(shown: pd.DataFrame) -> Normalize:
    """Symmetric about zero, common to all panels, as wide as our own values; published ones may exceed it."""
    ours = shown[shown["kind"] != _PAPER]["estimate"].abs()
    largest = max(1e-3, float(ours.max()))  # in this order, NaN gives way
    return Normalize(-largest, largest)


def _draw_matrix(axis: Axes, part: pd.DataFrame, norm: Normalize, *, values: int = 0) -> None:
    """One matrix; its values are written in where it has at most `values` layers."""
    table = part.pivot_table(index="reference_layer", columns="tested_layer", values="estimate", dropna=False)
    axis.imshow(table, cmap="PuOr", norm=norm, interpolation="nearest")
    axis.spines[:].set_visible(False)
    step = max(1, -(-len(table) // 6))
    axis.set_xticks(range(0, table.shape[1], step), table.columns[::step])
    axis.set_yticks(range(0, len(table), step), table.index[::step])
    if len(table) <= values:
        _write_values(axis, table.to_numpy(), norm)


def _write_values(axis: Axes, values: np.ndarray, norm: Normalize) -> None:
    for (line, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            dark = abs(float(norm(value)) - 0.5) > 0.33
            axis.text(
                column,
                line,
                _two_digits(value),
                ha="center",
                va="center",
                fontsize=5,
                color="white" if dark else "black",
            )


def _two_digits(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _note(rows: pd.DataFrame, published: bool, settings: Settings) -> str:
    target = rows["target"].iloc[0]
    return (
        f"{tables.seeds(rows)}, mean; target {target}; linear CKA, {settings.estimator}. Flow: an "
        "inverted pre-trained layer is matched better (positive) or worse (negative) by another tested "
        "layer than by its own. Null: the same with the pre-trained model in place of the tuned one. Excess: "
        "tuned minus pre-trained; only this is due to training."
        + (" Published: arXiv:2307.06006, Fig. 4a, ViT-B/32, ImageNet to CIFAR-10." if published else "")
    )
