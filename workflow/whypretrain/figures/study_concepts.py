"""Concepts of the classes chosen in the published selection study (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from whypretrain.figures import canvas, study
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import PALE, Look, concept_colours, rule_label, words


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Concepts of the chosen classes, one bar a rule, one panel a pre-training and target."""
    table = given["study_concepts"]
    pairs, rules = study.pairs(table), list(table["rule"].unique())
    order = table.groupby("concept")["chosen"].sum().sort_values(ascending=False, kind="stable").index
    colours = concept_colours(order)
    figure, grid = canvas.page(
        settings,
        panels=[*map(study.title, pairs)],
        kinds=1,
        height=0.5 + 0.16 * len(rules),
        title="Concepts of the chosen source classes",
        note="Grey: the remaining concepts. The number of classes that each rule chose, by their concept.",
        handles=[Look(words(name), colours[name]).patch() for name in order if colours[name] != PALE],
    )
    labels = [rule_label(rule) for rule in rules]
    for panel, (pair, axis) in enumerate(zip(pairs, grid.axes[:, 0], strict=True)):
        counts = study.in_pair(table, pair).pivot(index="rule", columns="concept", values="chosen").loc[rules, order]
        left = np.zeros(len(rules))
        for name in order:
            width = counts[name].to_numpy(float)
            axis.barh(range(len(rules)), width, left=left, color=colours[name], height=0.75)
            left += width
        axis.set_yticks(range(len(rules)), labels if grid.is_first(panel) else [""] * len(rules))
        axis.invert_yaxis()
    grid.label("classes", [""])
    return figure, table
