"""Images and what each layer of each model takes them for: their inversions (identically represented inputs)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas
from whypretrain.figures.pictures import Pictures
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, WIDTH, looks

NEEDS = ("pictures",)
TAKES = ()
SHOWN = ("pretrained", "finetune", "scratch")  # of the models in the file; all, where none of these is there


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One block an architecture, side by side: per image a line a model, the image itself and then layer after layer."""
    chosen = _first_of_each_architecture(given["pictures"])
    models = [_models(pictures) for pictures in chosen]
    layers = max(len(pictures.layers) for pictures in chosen)
    across = 2 if settings.columns == "two" and len(chosen) > 1 else 1
    blocks = -(-len(chosen) // across)
    side = min(0.5, (WIDTH[settings.columns] / across - 0.8) / (layers + 1))
    lines = [min(settings.pictures, len(pictures.images)) * len(rows) for pictures, rows in zip(chosen, models, strict=True)]
    figure, body = canvas.canvas(
        settings, height=blocks * (max(lines) * side * 1.05 + 0.5), title="Images and their inversions, layer by layer",
        note="Left: the image. Right: an input, found from noise, that the model represents at that layer as it does the "
        "image; what it leaves out or distorts is what the layer is invariant to. First seed and target of each "
        "architecture.",
    )  # fmt: skip
    parts = np.atleast_1d(body.subfigures(blocks, across, squeeze=False).ravel())
    for pictures, rows, part in zip(chosen, models, parts, strict=False):
        _draw_block(part, pictures, rows, settings.pictures)
    return figure, pd.concat([_shown(p, rows, settings.pictures) for p, rows in zip(chosen, models, strict=True)])


def _first_of_each_architecture(files: Sequence[Pictures]) -> list[Pictures]:
    return list({pictures.architecture: pictures for pictures in reversed(files)}.values())[::-1]


def _models(pictures: Pictures) -> list[int]:
    """Rows of the models to show."""
    known = [pictures.models.index(model) for model in SHOWN if model in pictures.models]
    return known or list(range(len(pictures.models)))


def _draw_block(part: Any, pictures: Pictures, models: Sequence[int], images: int) -> None:
    images = min(images, len(pictures.images))
    grid = part.subplots(images * len(models), len(pictures.layers) + 1, squeeze=False)
    names = looks(pictures.models)
    part.suptitle(f"{pictures.architecture} · {pictures.target}", x=0.02, ha="left", fontsize=7.5)
    for index in range(images):
        for line, model in enumerate(models):
            axes = grid[index * len(models) + line]
            _show(axes[0], pictures.images[index] if line == 0 else None)
            for layer, axis in enumerate(axes[1:]):
                _show(axis, pictures.inversions[model, layer, index])
            axes[0].set_ylabel(names[pictures.models[model]].label, rotation=0, ha="right", va="center", fontsize=6.5)
    for axis, label in zip(grid[0], ["image", *pictures.layers], strict=True):
        axis.set_title(label, fontsize=6, loc="center", color=GREY)


def _show(axis: Axes, image: np.ndarray | None) -> None:
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    if image is None:
        axis.set_box_aspect(1)
        return
    shown = image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)
    axis.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def _shown(pictures: Pictures, models: Sequence[int], images: int) -> pd.DataFrame:
    """How far each inversion is from its image: root mean square difference of pixels, 0 to 255."""
    kept = pictures.images[:images].astype(float)
    found = pictures.inversions[list(models), :, :images].astype(float)
    distance = np.sqrt(((found - kept) ** 2).mean(axis=(-3, -2, -1)))  # (models, layers, images)
    rows = [
        (pictures.architecture, pictures.target, pictures.models[models[m]], pictures.layers[layer], image, value)
        for (m, layer, image), value in np.ndenumerate(distance)
    ]
    return pd.DataFrame(rows, columns=["architecture", "target", "model", "layer_name", "image", "pixel_distance"])
