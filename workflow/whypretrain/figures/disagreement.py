"""Test images on which the pre-trained model, by its linear probe, and the fine-tuned one disagree most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import Role
from whypretrain.figures import canvas, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PALE, WIDTH, looks

_CELL = ["architecture", "target", "model"]
_LETTERS = 13  # of a class's name below a picture


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One line a model of the first seed: divergence of all images in descending order, then the first images."""
    rows = given["changed_images"]
    rows = tables.only(rows, seed=rows["seed"].min())
    rows = rows.sort_values("divergence", ascending=False, kind="stable")
    cells = list(given["changed_images"][_CELL].drop_duplicates().itertuples(index=False, name=None))
    styles, data = looks([cell[2] for cell in cells], settings), given.get("target_data", {})
    pictures = (4 if settings.columns == "two" else 2) if data else 0
    side = (WIDTH[settings.columns] - 1.0) / (pictures + 1.5)
    figure, body = canvas.canvas(
        settings,
        height=0.2 + len(cells) * ((side if pictures else 1.2) + 0.75),
        title="Images on which the pre-trained and the fine-tuned model disagree most",
        note=_note(rows, settings),
    )
    grid = body.subplots(len(cells), pictures + 1, squeeze=False, width_ratios=[1.5, *[1.0] * pictures])
    shown = []
    for cell, (curve, *axes) in zip(cells, grid, strict=True):
        part = tables.only(rows, **dict(zip(_CELL, cell, strict=True)))
        shown.append(part.assign(rank=np.arange(1, len(part) + 1)))
        _draw_curve(curve, part, styles[cell[2]])
        curve.set_title(f"{tables.cell_title(cell[:2])}\n{styles[cell[2]].label}")
        for axis, (_, row) in zip(axes, part.iterrows(), strict=False):
            _draw_picture(axis, row, tables.known(data, cell[1], "target data"))
        for axis in axes[len(part) :]:
            axis.set_axis_off()
    return figure, pd.concat(shown, ignore_index=True)


def _draw_curve(axis: Axes, rows: pd.DataFrame, look: Any) -> None:
    axis.plot(np.arange(1, len(rows) + 1), rows["divergence"], color=look.colour)
    axis.axhline(rows["chance"].mean(), color=PALE, linewidth=0.8)
    axis.set(ylim=(0, 1), xlabel="image, by divergence", ylabel="divergence, bits")


def _draw_picture(axis: Axes, row: pd.Series, data: Any) -> None:
    image = data.images[(data.manifest["id"] == row["sample"]).to_numpy()][0]
    axis.imshow(image[0] if len(image) == 1 else np.moveaxis(image, 0, -1), cmap="gray", vmin=0, vmax=255)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.set_title(_short(row["class_name"]), fontsize=6, color=GREY)
    told = [f"{_short(row[f'class_{when}'])} {row[f'probability_{when}']:.2f}" for when in ("before", "after")]
    axis.set_xlabel("\n".join(told), fontsize=5.5)


def _short(name: object) -> str:
    return f"{text[: _LETTERS - 1]}…" if len(text := str(name)) > _LETTERS else text


def _note(rows: pd.DataFrame, settings: Settings) -> str:
    probe = settings.cast[settings.cast.roles.get(Role.REFERENCE, "probe")].label
    parts = [f"{settings.cast[str(name)].label}: {_agreed(part)}" for name, part in rows.groupby("model", sort=False)]
    return (
        f"All test images, first seed. Above a picture its class; below, what the {probe} and what the trained model "
        "predict, with their probabilities. Divergence: Jensen-Shannon, 0 for a model and itself; line: mean "
        f"divergence from predictions for other images. Same class predicted, {'; '.join(parts)}."
    )


def _agreed(rows: pd.DataFrame) -> str:
    """How often both predict the same class, and how often they would if one knew nothing of the other."""
    chance = 0.0
    for _, part in rows.groupby(_CELL):
        before, after = (part[f"class_{when}"].value_counts() for when in ("before", "after"))
        chance += float(before.mul(after, fill_value=0).sum()) / len(part)
    return f"{int((rows['class_before'] == rows['class_after']).sum())} of {len(rows)} images, {chance:.1f} by chance"
