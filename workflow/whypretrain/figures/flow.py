"""Invariance flow between layers, its null, and its excess over that null (Fig. 4 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from seaborn import heatmap

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, published, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, WIDTH

_SIDE = 1.15  # inches of a matrix at most
_MOST = 8  # architectures and targets drawn; the table of the figure has all
_KEYS = ["architecture", "target", "model", "kind", "reference_layer", "tested_layer"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One row an architecture and target: the null, then flow and excess of each model; published flow below."""
    table = tables.some(given["flow"], "flow", model=settings.model, estimator=settings.estimator)
    models = _models(given["flow"], settings)
    table = given["flow"][given["flow"]["model"].isin(models)]
    table = tables.only(table, estimator=settings.estimator)
    ours = _means(table)
    theirs = _published(given.get("published_flow"), settings, table["target"], models)
    cells, papers = tables.cells(ours)[:_MOST], published.targets(theirs)
    drawn = models[:1] if settings.columns == "one" else models
    columns = [("null", ""), *((kind, model) for model in drawn for kind in ("flow", "excess"))]
    note = _note(table, cells, settings, theirs) + (" Other models: in the table." if drawn != models else "")
    figure, grid, bar = _layout(len(cells) + len(papers), len(columns), _title(ours, settings), note, settings)
    norm = _norm(ours)
    for cell, line in zip(cells, grid, strict=False):
        for (kind, model), axis in zip(columns, line, strict=True):
            part = tables.only(tables.in_cell(ours, cell), kind=kind, model=model)
            _draw_matrix(axis, part, norm, values=6 if settings.columns == "two" else 0)
        line[0].set_ylabel(f"{cell[0]}\n{cell[1]}")
    for target, line in zip(papers, grid[len(cells) :], strict=True):
        _draw_published(line, columns, tables.only(theirs, target=target), norm)
    _head(grid, columns, settings)
    beyond = pd.concat([ours, theirs])["estimate"].abs().max() > norm.vmax
    figure.colorbar(
        ScalarMappable(norm, "PuOr"),
        cax=bar,
        orientation="horizontal",
        label="difference of two STIR values",
        extend="both" if beyond else "neither",
    )
    bar.tick_params(length=2)
    return figure, published.with_theirs(ours, theirs, [*_KEYS, "estimate", "origin"])


def _models(flow: pd.DataFrame, settings: Settings) -> list[str]:
    """The model of the settings, then joint and reconstruction where they were measured."""
    joint, reconstruct = settings.cast.roles.get(Role.JOINT, ""), settings.cast.name_of("reconstruct")
    return [model for model in (settings.model, joint, reconstruct) if (flow["model"] == model).any()]


def _means(table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds; the null is that of the pre-trained model alone, and stands once, without a model."""
    keys = ["architecture", "target", "model", "reference_layer", "tested_layer"]
    means = table.groupby(keys, sort=False, as_index=False)[["flow", "excess", "null_flow"]].mean()
    long = means.rename(columns={"null_flow": "null"}).melt(keys, var_name="kind", value_name="estimate")
    long.loc[long["kind"] == "null", "model"] = ""
    return long.drop_duplicates(_KEYS, ignore_index=True)[[*_KEYS, "estimate"]]


def _published(
    table: pd.DataFrame | None, settings: Settings, targets: Iterable[str], models: Iterable[str]
) -> pd.DataFrame:
    """The paper's matrices; their diagonal is zero by construction."""
    names = {"pt_layer": "reference_layer", "ft_layer": "tested_layer", "value": "estimate"}
    return published.rows(table, settings, targets, models).rename(columns=names).assign(kind="flow")


def _title(ours: pd.DataFrame, settings: Settings) -> str:
    """The largest excess below the diagonal, where a pre-trained layer is matched by an earlier tuned one."""
    excess = tables.only(ours, kind="excess", model=settings.model)
    below = excess[excess["reference_layer"] > excess["tested_layer"]]["estimate"].dropna()
    if below.empty:
        return "Invariance flow between layers, its null and its excess"
    largest = f"{below.max():.2f}".replace("-", "−")
    return f"Flow of invariances to earlier layers: at most {largest} above the null"


def _layout(rows: int, columns: int, title: str, note: str, settings: Settings) -> tuple[Figure, np.ndarray, Axes]:
    side = min(_SIDE, WIDTH[settings.columns] / columns)
    figure, body = canvas.canvas(settings, height=rows * (side + 0.22) + 0.75, title=title, note=note)
    spec = body.add_gridspec(rows + 1, columns, height_ratios=[1.0] * rows + [0.06])
    grid = np.array([[body.add_subplot(spec[r, c]) for c in range(columns)] for r in range(rows)])
    return figure, grid, body.add_subplot(spec[-1, :])


def _draw_published(line: np.ndarray, columns: list[tuple[str, str]], theirs: pd.DataFrame, norm: Normalize) -> None:
    for (kind, model), axis in zip(columns, line, strict=True):
        part = tables.only(theirs, kind=kind, model=model)
        if part.empty:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        else:
            _draw_matrix(axis, part, norm)
    line[0].set_ylabel(published.title(theirs["target"].iloc[0]).replace(" ", "\n"), color=GREY)


def _head(grid: np.ndarray, columns: list[tuple[str, str]], settings: Settings) -> None:
    for (kind, model), axis in zip(columns, grid[0], strict=True):
        axis.set_title(f"{settings.cast[model or 'pretrained'].label}\n{kind}", fontsize=7)
    for column in grid.T:
        [axis for axis in column if axis.collections][-1].set_xlabel("tested layer")


def _norm(ours: pd.DataFrame) -> Normalize:
    """Symmetric about zero, common to all panels, as wide as our own values; published ones may exceed it."""
    largest = max(1e-3, float(ours["estimate"].abs().max()))  # in this order, NaN gives way
    return Normalize(-largest, largest)


def _draw_matrix(axis: Axes, part: pd.DataFrame, norm: Normalize, *, values: int = 0) -> None:
    """One matrix; its values are written in where it has at most `values` layers."""
    table = part.pivot_table(index="reference_layer", columns="tested_layer", values="estimate", dropna=False)
    step = max(1, -(-len(table) // 6))
    heatmap(
        table,
        ax=axis,
        cmap="PuOr",
        vmin=norm.vmin,
        vmax=norm.vmax,
        cbar=False,
        square=True,
        annot=table.map(_two_digits) if len(table) <= values else None,
        fmt="",
        annot_kws={"fontsize": 5},
        xticklabels=step,
        yticklabels=step,
    )
    axis.set(xlabel="", ylabel="")
    axis.tick_params(axis="y", labelrotation=0)


def _two_digits(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _note(table: pd.DataFrame, cells: list[tuple[str, str]], settings: Settings, theirs: pd.DataFrame) -> str:
    number = len(tables.cells(table))
    note = (
        f"{tables.seeds(table)}, mean; linear CKA, {settings.estimator}; rows of a matrix: inverted layer. Flow: an "
        "inverted pre-trained layer is matched better (positive) or worse (negative) by another tested "
        "layer than by its own. Null: the same with the pre-trained model in place of the tuned one. Excess: "
        "tuned minus pre-trained; only this is due to training."
    )
    if len(cells) < number:
        note += f" The first {len(cells)} of {number} architectures and targets."
    return note + ("" if theirs.empty else " Paper: arXiv:2307.06006, Figs 4 and 10, ViT-B/32 from ImageNet.")
