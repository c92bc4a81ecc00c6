"""Uneven forgetting against accuracy on corrupted images, by optimiser setting (Figs 6, 15 of arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, published, tables
from whypretrain.figures.robustness import spread_by_step
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLACK, GREY, Look, looks

_RUN = ["architecture", "target", "model"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One column an architecture and target, one line a method: its way through training, and its correlation."""
    paths, right = _paths(given, settings), _correlations(given["robustness"], settings)
    theirs = _published(given.get("published_optimisers"))
    cells, styles = tables.cells(right), looks(right["model"], settings)
    figure, grid = canvas.page(
        settings,
        panels=[*map(tables.cell_title, cells), *([] if theirs is None else ["paper"])],
        kinds=2,
        height=max(1.3, 0.16 * len(styles)),
        title="Corrupted images and uneven forgetting, by optimiser setting",
        note=_note(right, theirs, settings),
        handles=[look.handle() for look in styles.values()],
    )
    for index, (cell, column) in enumerate(zip(cells, grid.axes, strict=False)):
        here, shown = tables.in_cell(right, cell), grid.is_first(index)
        _draw(column, tables.in_cell(paths, cell), here, styles, settings, shown=shown)
    if theirs is not None:
        _draw_published(grid.axes[-1], theirs)
    grid.axes[0][0].set_ylabel("accuracy on\ncorrupted images")
    for column in grid.axes:
        column[0].set_xlabel("spread of forgetting")
        column[1].set_xlabel("correlation along training")
        column[1].set_xlim(-1.08, 1.08)
        column[1].axvline(0, color=BLACK, linewidth=0.6, zorder=1)
    return figure, _shown(paths, right, theirs, settings)


def _paths(given: Mapping[str, Any], settings: Settings) -> pd.DataFrame:
    """Spread and accuracy at each step, means over seeds, severities and corruptions."""
    corrupted = given["corrupted"][given["corrupted"]["severity"] > 0]
    accuracy = corrupted.groupby([*_RUN, "step"], sort=False)["accuracy"].mean().reset_index()
    spread = spread_by_step(given["layer_dynamics"], settings.estimator)
    means = spread.groupby([*_RUN, "step"], sort=False)["value"].mean().rename("spread").reset_index()
    return means.merge(accuracy).query("step > 0")  # at step 0 the head is untrained


def _correlations(robustness: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Pearson's r of each run over all its checkpoints."""
    rows = tables.only(robustness, estimator=settings.estimator)
    first = rows.groupby([*_RUN, "seed"])["first_step"].transform("min")
    return rows[rows["first_step"] == first].dropna(subset="pearson_r")


def _published(table: pd.DataFrame | None) -> pd.DataFrame | None:
    if table is None:
        return None
    plain = table["augmentation"].map({"yes": "", "no": ", plain"})
    return table.assign(model=table["optimizer"] + " " + table["lr"].astype(str) + plain)


def _draw(
    column: Any,
    paths: pd.DataFrame,
    right: pd.DataFrame,
    styles: Mapping[str, Look],
    settings: Settings,
    *,
    shown: bool,
) -> None:
    means = tables.by_seed(right, ["model"], "pearson_r", settings.confidence)
    for place, (model, look) in enumerate(styles.items()):
        _draw_path(column[0], tables.only(paths, model=model).sort_values("step"), look)
        marks.dots(column[1], tables.only(right, model=model)["pearson_r"].to_numpy(), place, look)
        for _, interval in tables.only(means, model=model).iterrows():
            marks.mean(column[1], interval[["estimate", "low", "high"]].clip(-1, 1), place, look)
    marks.categories(column[1], [look.label for look in styles.values()], shown=shown)


def _draw_path(axis: Axes, path: pd.DataFrame, look: Look) -> None:
    axis.plot(path["spread"], path["accuracy"], color=look.colour, linestyle=look.line, linewidth=0.9)
    axis.plot(path["spread"][-1:], path["accuracy"][-1:], color=look.colour, marker=look.marker, markersize=4)


def _draw_published(column: Any, theirs: pd.DataFrame) -> None:
    for place, row in theirs.reset_index(drop=True).iterrows():
        look = Look(row["model"], GREY if row["optimizer"] == "sgd" else BLACK)
        ends = {name: [row[f"{name}_first"], row[f"{name}_last"]] for name in ("sigma", "accuracy")}
        _draw_path(column[0], pd.DataFrame(ends).rename(columns={"sigma": "spread"}), look)
        column[1].plot(row["pearson_r_recomputed"], place, marker="o", color=look.colour)
    marks.categories(column[1], theirs["model"].tolist())
    column[1].tick_params(axis="y", labelsize=5.5)
    published.mark(column, "cifar10")


def _note(right: pd.DataFrame, theirs: pd.DataFrame | None, settings: Settings) -> str:
    bars = tables.seed_words(right, settings.confidence)
    note = (
        f"{tables.seeds(right)}; hollow: each seed; line: {bars}. Ways run through the checkpoints to the marker. "
        "Spread: standard deviation of forgetting over the layers from the second on; accuracy: mean over all "
        "corruptions and severities."
    )
    return note + (
        " Grey panels: Figs 6 and 15 of arXiv:2307.06006, CIFAR-10-C, first and last of 20 epochs; sgd grey, adam "
        "black; their r recomputed from the plotted points."
        if theirs is not None
        else ""
    )


def _shown(paths: pd.DataFrame, right: pd.DataFrame, theirs: pd.DataFrame | None, settings: Settings) -> pd.DataFrame:
    means = tables.by_seed(right, _RUN, "pearson_r", settings.confidence).rename(columns={"estimate": "pearson_r"})
    parts = [paths.assign(shows="way"), means.assign(shows="correlation")]
    if theirs is not None:
        right_of = theirs[["model", "pearson_r_recomputed"]].rename(columns={"pearson_r_recomputed": "pearson_r"})
        parts.append(right_of.assign(shows="published", architecture=published.ARCHITECTURE, target="cifar10"))
    return pd.concat(parts, ignore_index=True)
