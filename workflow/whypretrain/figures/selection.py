"""The source classes that a rule chose for each target, as pictures, best first (arXiv:2111.12292, Sec. 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from whypretrain.figures import canvas, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import WIDTH, concept_colours, rule_looks, words

NEEDS = ("select",)
TAKES = ("source_data",)
_BAR = 0.8  # height of the longest score bar, in picture sides
_SIDE = 0.86  # of a picture, in its slot


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One strip a target and architecture: the pictures, score bars above, rank below, concepts as colours."""
    table = given["select"]
    rows = tables.some(table, "select", rule=settings.rule)
    cells = sorted(tables.cells(rows), key=lambda cell: list(rows["target"].unique()).index(cell[1]))
    best = pd.concat([_best(tables.in_cell(rows, cell), cell, settings.top) for cell in cells], ignore_index=True)
    colours = concept_colours(best["concept"])
    width = max(3, best.groupby(["architecture", "target"]).size().max())
    strip = (WIDTH[settings.columns] - 0.3) / width * (_BAR + 1.55) + 0.28
    figure, body = canvas.canvas(
        settings, height=len(cells) * strip, title=f"Source classes chosen for each target, best first "
        f"({rule_looks([settings.rule])[settings.rule].label})", note=_note(table, settings),
        handles=[Patch(color=colour, label=words(concept)) for concept, colour in colours.items()],
    )  # fmt: skip
    axes = body.subplots(len(cells), 1, squeeze=False)[:, 0]
    for cell, axis in zip(cells, axes, strict=True):
        _draw_strip(axis, tables.in_cell(best, cell), _pictures(given.get("source_data")), colours, width)
        title = f"{cell[1]} · {cell[0]}{_overlap(tables.in_cell(table, cell), settings)}"
        axis.set_title(title, fontsize=7 if settings.columns == "two" else 6)
    return figure, best


def _best(rows: pd.DataFrame, cell: tuple[str, str], top: int) -> pd.DataFrame:
    """The classes with the highest score, mean over seeds; `chosen` is the share of seeds that chose the class."""
    keys = ["class_index", "class_name", "concept"]
    means = rows.groupby(keys, as_index=False).agg(score=("score", "mean"), chosen=("selected", "mean"))
    ranked = means.sort_values(["score", "class_index"], ascending=[False, True], kind="stable").head(top)
    return ranked.assign(architecture=cell[0], target=cell[1], rank=range(1, len(ranked) + 1))


def _pictures(source: Any) -> dict[int, np.ndarray]:
    """One training picture of each class, (H, W) or (H, W, 3); none without source data."""
    if source is None:
        return {}
    first = source.split("train").manifest.drop_duplicates("label")
    images = source.split("train").images
    return {int(label): _displayed(images[row]) for row, label in zip(first.index, first["label"], strict=True)}


def _displayed(image: np.ndarray) -> np.ndarray:
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)


def _draw_strip(
    axis: Axes, best: pd.DataFrame, pictures: Mapping[int, np.ndarray], colours: Mapping[str, str], width: int
) -> None:
    highest = max(float(best["score"].max()), 1e-12)
    for place, entry in enumerate(best.itertuples()):
        colour, left = colours[entry.concept], place + (1 - _SIDE) / 2
        axis.add_patch(Rectangle((left, 1.08), _SIDE, _BAR * max(entry.score, 0) / highest, color=colour, linewidth=0))
        if entry.class_index in pictures:
            axis.imshow(
                pictures[entry.class_index], cmap="gray", extent=(left, left + _SIDE, 0, _SIDE), vmin=0, vmax=255,
                interpolation="nearest", aspect="auto",
            )  # fmt: skip
        else:
            axis.text(left + _SIDE / 2, _SIDE / 2, words(entry.class_name)[:12], ha="center", va="center", fontsize=4.5)
        axis.add_patch(Rectangle((left, 0), _SIDE, _SIDE, fill=False, edgecolor=colour, linewidth=1.2))
        axis.text(left + _SIDE / 2, -0.08, f"{entry.rank}", ha="center", va="top", fontsize=6)
    axis.text(0.02, 1.08 + _BAR, f"{highest:.3g}", fontsize=5.5, va="bottom")
    axis.set(xlim=(0, width), ylim=(-0.4, 1.15 + _BAR), aspect="equal", anchor="W")
    axis.set_axis_off()


def _overlap(rows: pd.DataFrame, settings: Settings) -> str:
    """How many of the chosen classes each other rule chose too, mean over seeds."""
    chosen = rows[rows["selected"].astype(bool)]
    sets = {key: set(part["class_index"]) for key, part in chosen.groupby(["rule", "seed"])}
    own = {seed: found for (rule, seed), found in sets.items() if rule == settings.rule}
    if not own:
        return ""
    words_ = []
    for name, look in rule_looks(rows["rule"]).items():
        shared = [len(found & sets[name, seed]) for seed, found in own.items() if (name, seed) in sets]
        if name != settings.rule and shared:
            words_.append(f"{look.label} {np.mean(shared):.3g}")
    size = np.mean([len(found) for found in own.values()])
    return f": of {size:.3g} chosen, also by " + ", ".join(words_) if words_ else ""


def _note(table: pd.DataFrame, settings: Settings) -> str:
    return (
        f"{tables.seeds(table)}; bar: score of the class (row mass for UOT), mean over seeds, the number beside the first "
        f"bar is its height; one training picture of each class. The best {settings.top} of {table['class_index'].nunique()} "
        "classes are shown; overlaps with other rules are means over seeds."
    )
