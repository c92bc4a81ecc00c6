"""Images and inputs that a layer represents identically: inversions, model by model, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from whypretrain.config.parts import Role
from whypretrain.figures import canvas
from whypretrain.figures.pictures import Pictures
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, WIDTH


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One block an architecture: the image, the starting noise, the inversions by layer; a line a model."""
    chosen = [_shown_models(pictures, settings) for pictures in _first_of_each_architecture(given["pictures"])]
    across = 2 if settings.columns == "two" and len(chosen) > 1 else 1
    blocks = -(-len(chosen) // across)
    figure, body = canvas.canvas(
        settings,
        height=blocks * _block_height(chosen, WIDTH[settings.columns] / across, settings.pictures),
        title="What each layer ignores: inputs that it represents like the image",
        note="Image; noise that every inversion starts from; then inputs that the model represents at "
        "that layer as it does the image: what they leave out or distort, the layer is invariant to. First "
        "seed and target of each architecture.",
    )
    parts = np.ravel(np.asarray(body.subfigures(blocks, across, squeeze=False)))
    for pictures, part in zip(chosen, parts, strict=False):
        _draw_block(part, pictures, settings)
    return figure, pd.concat([_shown(pictures, settings.pictures) for pictures in chosen], ignore_index=True)


def _first_of_each_architecture(files: Sequence[Pictures]) -> list[Pictures]:
    first: dict[str, Pictures] = {}
    for pictures in files:
        first.setdefault(pictures.architecture, pictures)
    return list(first.values())


def _shown_models(pictures: Pictures, settings: Settings) -> Pictures:
    """With the inversions of the models that the paper compares and of joint training; all, where there are none."""
    tuned, joint, scratch = map(settings.cast.roles.get, (Role.FINETUNE, Role.JOINT, Role.SCRATCH))
    shown = ("pretrained", tuned, joint, settings.cast.name_of("reconstruct"), scratch)
    kept = {model: pictures.inversions[model] for model in shown if model in pictures.inversions}
    return replace(pictures, inversions=kept or pictures.inversions)


def _layers(pictures: Pictures) -> int:
    return max(len(inversions) for inversions in pictures.inversions.values())


def _block_height(chosen: Sequence[Pictures], width: float, images: int) -> float:
    """Inches that the tallest block takes."""
    side = min(0.5, (width - 0.8) / (max(map(_layers, chosen)) + 2))
    lines = max(min(images, len(pictures.images)) * len(pictures.inversions) for pictures in chosen)
    return lines * side * 1.05 + 0.5


def _draw_block(part: SubFigure, pictures: Pictures, settings: Settings) -> None:
    models, images = list(pictures.inversions), min(settings.pictures, len(pictures.images))
    grid = part.subplots(images * len(models), _layers(pictures) + 2, squeeze=False)
    grid[0, 0].set_title(f"{pictures.architecture} · {pictures.target}\n", fontsize=7.5, linespacing=1.4)
    for line, axes in enumerate(grid):
        index, model = divmod(line, len(models))
        is_first, found = model == 0, pictures.inversions[models[model]]
        _show(axes[0], pictures.images[index] if is_first else None)
        _show(axes[1], pictures.noise[index] if is_first and pictures.noise is not None else None)
        for layer, axis in enumerate(axes[2:]):
            _show(axis, found[layer, index] if layer < len(found) else None)
        label = settings.cast[models[model]].label
        axes[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=6.5)
    headings = ["image", "noise", "layer 1", *map(str, range(2, _layers(pictures) + 1))]
    for axis, heading in zip(grid[0], headings, strict=True):
        axis.text(0.5, 1.06, heading, transform=axis.transAxes, ha="center", fontsize=6, color=GREY)


def _show(axis: Axes, image: np.ndarray | None) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    if image is None:
        axis.set_box_aspect(1)
        return
    shown = image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
    axis.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def _shown(pictures: Pictures, images: int) -> pd.DataFrame:
    """How far each inversion is from its image: root mean square difference of pixels, 0 to 255."""
    kept, tables = pictures.images[:images].astype(float), []
    for model in pictures.inversions:
        differences = pictures.inversions[model][:, :images] - kept
        distance = np.sqrt((differences**2).mean(axis=(2, 3, 4)))  # (layers, images)
        rows = [(layer + 1, image, value) for (layer, image), value in np.ndenumerate(distance)]
        tables.append(pd.DataFrame(rows, columns=["layer", "image", "pixel_distance"]).assign(model=model))
    return pd.concat(tables).assign(architecture=pictures.architecture, target=pictures.target)
