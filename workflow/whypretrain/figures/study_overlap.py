"""Chosen classes that two rules share in the published selection study (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

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
        axis.imshow(shared, cmap="Greys", vmin=0, vmax=1.4 * chosen, aspect="auto")
        for row, column in np.ndindex(shared.shape):
            axis.text(column, row, f"{shared[row, column]:.0f}", ha="center", va="center", fontsize=4.5)
        axis.set_xticks(range(len(rules)), labels, rotation=90, fontsize=5.5)
        axis.set_yticks(range(len(rules)), labels if grid.is_first(panel) else [""] * len(rules), fontsize=5.5)
    return figure, table


def _matrix(rows: pd.DataFrame, rules: list[str], chosen: int) -> np.ndarray:
    """Shared classes of all pairs of rules, symmetric; a rule shares all with itself."""
    shared = np.diag(np.full(len(rules), float(chosen)))
    for row in rows[rows["rule"].isin(rules) & rows["other_rule"].isin(rules)].itertuples():
        first, second = rules.index(str(row.rule)), rules.index(str(row.other_rule))
        shared[first, second] = shared[second, first] = row.shared
    return shared
