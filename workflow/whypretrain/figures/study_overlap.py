"""Chosen classes that two rules share in the published selection study (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from seaborn import heatmap

from whypretrain.figures import canvas, study
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import rule_label

_CENTRED = ("uot_centred", "vote_centred", "nearest_centred")  # shown next to all rules on features as they are


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """How many chosen classes two rules share, one matrix a pre-training and target."""
    table = given["study_overlap"]
    known = dict.fromkeys([*table["rule"], *table["other_rule"]])
    rules = [rule for rule in known if rule in _CENTRED or not rule.endswith("_centred")]
    pairs = study.pairs(table)
    chosen = int(given["study_summary"]["classes"].max())
    figure, grid = canvas.page(
        settings,
        panels=[*map(study.title, pairs)],
        kinds=1,
        height=0.3 + 0.22 * len(rules),
        title="Classes that two selection rules share",
        note=f"Of {chosen} classes chosen by each rule.",
    )
    labels = [rule_label(rule) for rule in rules]
    for panel, (pair, axis) in enumerate(zip(pairs, grid.axes[:, 0], strict=True)):
        shared = _matrix(study.in_pair(table, pair), rules, chosen)
        looks = {"cmap": "Greys", "vmin": 0, "vmax": 1.4 * chosen, "cbar": False}
        numbers = {"annot": True, "fmt": ".0f", "annot_kws": {"fontsize": 4.5}}
        heatmap(shared, ax=axis, xticklabels=labels, yticklabels=labels, **looks, **numbers)
        axis.tick_params(labelsize=5.5, labelleft=grid.is_first(panel))
    return figure, table


def _matrix(rows: pd.DataFrame, rules: list[str], chosen: int) -> np.ndarray:
    """Shared classes of all pairs of rules, symmetric; a rule shares all with itself."""
    shared = np.diag(np.full(len(rules), float(chosen)))
    for row in rows[rows["rule"].isin(rules) & rows["other_rule"].isin(rules)].itertuples():
        first, second = rules.index(str(row.rule)), rules.index(str(row.other_rule))
        shared[first, second] = shared[second, first] = row.shared
    return shared
