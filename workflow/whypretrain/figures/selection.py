"""The source classes that a rule chose for each target, as pictures, best first (after arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from whypretrain.figures import canvas, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import WIDTH, concept_colours, rule_label, words

_COMPARED = ("nearest", "vote", "random")  # rules whose overlap is written next to the pictures
_BAR = 0.5  # height of the longest score bar, in picture sides
_SIDE = 0.86  # of a picture, in its slot


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One strip a target and architecture: pictures, score bars above, rank below, concepts as colours."""
    table = given["select"]
    rows = tables.some(table, "select", rule=settings.rule)
    cells = sorted(tables.cells(rows), key=lambda cell: list(rows["target"].unique()).index(cell[1]))
    best = pd.concat([_best(tables.in_cell(rows, cell), cell, settings.top) for cell in cells], ignore_index=True)
    overlaps = pd.concat([_overlaps(tables.in_cell(table, cell), cell, settings) for cell in cells])
    colours = concept_colours(best["concept"])
    width = max(3, best.groupby(["architecture", "target"]).size().max())
    strip = (WIDTH[settings.columns] - 0.3) / width * (_BAR + 2.15) + 0.2
    figure, body = canvas.canvas(
        settings,
        height=len(cells) * strip,
        title=_title(rows, settings),
        note=_note(table, settings),
        handles=[Patch(color=colour, label=words(concept)) for concept, colour in colours.items()],
    )
    axes = body.subplots(len(cells), 1, squeeze=False)[:, 0]
    pictures = _pictures(given.get("source_data", {}))
    for cell, axis in zip(cells, axes, strict=True):
        _draw_strip(axis, tables.in_cell(best, cell), pictures, colours, width)
        title = f"{cell[1]} · {cell[0]}{_overlap_words(tables.in_cell(overlaps, cell), settings)}"
        axis.set_title(title, fontsize=7 if settings.columns == "two" else 6)
    return figure, pd.concat([best.assign(rule=settings.rule), overlaps], ignore_index=True)


def _title(rows: pd.DataFrame, settings: Settings) -> str:
    """The concept that most of the chosen classes belong to."""
    chosen = rows[rows["selected"].astype(bool)]["concept"].value_counts(normalize=True)
    rule = rule_label(settings.rule)
    if len(chosen) < 2:
        return f"Source classes chosen for each target, best first ({rule})"
    share, concept = 100 * chosen.iloc[0], words(chosen.index[0])
    return f"Of the source classes chosen by {rule}, {share:.0f} % are {concept}, more than of any other kind"


def _best(rows: pd.DataFrame, cell: tuple[str, str], top: int) -> pd.DataFrame:
    """The classes of the highest score, mean over seeds; `chosen` is the share of seeds that chose it."""
    keys = ["class_index", "class_name", "concept"]
    means = rows.groupby(keys, as_index=False).agg(score=("score", "mean"), chosen=("selected", "mean"))
    ranked = means.sort_values(["score", "class_index"], ascending=[False, True], kind="stable").head(top)
    return ranked.assign(architecture=cell[0], target=cell[1], rank=range(1, len(ranked) + 1))


def _pictures(source: Mapping[str, Any]) -> dict[int, np.ndarray]:
    """One training picture of each class, (H, W) or (H, W, 3); none without source data."""
    return {
        int(label): _displayed(train.images[row])
        for train in (data.split("train") for data in source.values())
        for row, label in train.manifest["label"].drop_duplicates().items()
    }


def _displayed(image: np.ndarray) -> np.ndarray:
    return image[0] if len(image) == 1 else np.moveaxis(image, 0, -1)


def _draw_strip(
    axis: Axes, best: pd.DataFrame, pictures: Mapping[int, np.ndarray], colours: Mapping[str, str], width: int
) -> None:
    highest = max(float(best["score"].max()), 1e-12)
    columns = (best[name].tolist() for name in ("class_index", "class_name", "concept", "score"))
    for place, (index, name, concept, score) in enumerate(zip(*columns, strict=True)):
        left = place + (1 - _SIDE) / 2
        _draw_picture(axis, left, pictures.get(index), name)
        length = _BAR * max(score, 0.0) / highest
        axis.add_patch(Rectangle((left, 1.08), _SIDE, length, color=colours[concept], linewidth=0))
        axis.add_patch(Rectangle((left, 0), _SIDE, _SIDE, fill=False, edgecolor=colours[concept], linewidth=1.2))
        middle = left + _SIDE / 2
        axis.text(middle, -0.08, f"{place + 1}", ha="center", va="top", fontsize=6)
        axis.text(middle, -0.34, _two_lines(name), ha="center", va="top", fontsize=4.5, linespacing=1.0)
    axis.text(0.02, 1.08 + _BAR, f"{highest:.3g}", fontsize=5.5, va="bottom")
    axis.set(xlim=(0, width), ylim=(-0.8, 1.35 + _BAR), aspect="equal", anchor="W")
    axis.set_axis_off()


def _two_lines(name: str) -> str:
    """The start of a class's name in two short lines."""
    return "\n".join(wrap(words(name), 12, max_lines=2, placeholder="…"))


def _draw_picture(axis: Axes, left: float, picture: np.ndarray | None, name: str) -> None:
    """The picture in its slot, or the class's name where there is none."""
    if picture is None:
        middle = left + _SIDE / 2, _SIDE / 2
        axis.text(*middle, words(name)[:12], ha="center", va="center", fontsize=4.5)
        return
    slot = (left, left + _SIDE, 0, _SIDE)
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255, extent=slot, interpolation="nearest", aspect="auto")


def _overlaps(rows: pd.DataFrame, cell: tuple[str, str], settings: Settings) -> pd.DataFrame:
    """How many of the chosen classes each rule chose too, mean over seeds; the rule itself, all."""
    chosen = rows[rows["selected"].astype(bool)]
    sets = {key: set(part["class_index"]) for key, part in chosen.groupby(["rule", "seed"], sort=False)}
    own = {seed: found for (rule, seed), found in sets.items() if rule == settings.rule}
    shared = [(rule, len(found & own[seed])) for (rule, seed), found in sets.items() if seed in own]
    means = pd.DataFrame(shared, columns=["rule", "overlap"]).groupby("rule", sort=False, as_index=False).mean()
    return means.assign(architecture=cell[0], target=cell[1])


def _overlap_words(overlaps: pd.DataFrame, settings: Settings) -> str:
    means = overlaps.set_index("rule")["overlap"]
    _, centred, _ = settings.rule.partition("_centred")  # compared with what saw the same features
    compared = [f"{rule}{centred}" if f"{rule}{centred}" in means else rule for rule in _COMPARED]
    others = [rule for rule in compared if rule in means and rule != settings.rule]
    if not others:
        return ""
    words_ = ", ".join(f"{rule_label(rule)} {means[rule]:.3g}" for rule in others)
    return f"  ({means[settings.rule]:.3g} chosen; also by {words_})"


def _note(table: pd.DataFrame, settings: Settings) -> str:
    return (
        f"{tables.seeds(table)}; bar: score of the class (row mass for UOT), mean over seeds, the number "
        f"above the first bar its value; one training picture of each class. The best {settings.top} of "
        f"{table['class_index'].nunique()} classes are shown; overlaps with other rules are means over seeds."
    )
