"""Controls by both measures in one table: agreement by degree, and the paper's share next to its permutation null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.config.parts import REINITIALISED
from whypretrain.figures import canvas, degrees, tables, text_table
from whypretrain.figures.agreement import compared, models
from whypretrain.figures.settings import Settings
from whypretrain.figures.wording import span
from whypretrain.statistics import holm, seed_estimate

SHOWN = ("1", "2", "3", degrees.ALL)
SHARES = {"measured": "share", "chance": "permuted"}  # columns of the table of permuted effects
_KEYS = ["architecture", "target", "series"]


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """One table an architecture and target, one row a model: agreement, its test against 0, share and chance level."""
    rows = compared(given["agreement"], settings)
    parts = [_agreements(rows, settings), *_shares(given.get("permutation_null"), settings)]
    found = pd.concat(parts, ignore_index=True)
    found = found[found["series"].isin(rows["series"].unique())]
    cells, looks = tables.cells(rows), models(rows["series"].unique(), settings)
    labels = {series: look.label for series, look in looks.items()}
    figure, body = canvas.canvas(
        settings,
        height=len(cells) * text_table.height(settings, len(labels)),
        title=_title(found, labels),
        note=_note(rows, found, settings),
    )
    for cell, axis in zip(cells, body.subplots(len(cells), 1, squeeze=False)[:, 0], strict=True):
        _write_panel(axis, tables.in_cell(found, cell), labels, tables.cell_title(cell), settings)
    return figure, found


def _title(found: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Agreement over all degrees of the models with the most and the least of it."""
    whole = tables.only(found, measure="agreement", degree=degrees.ALL).dropna(subset="estimate")
    if whole.empty:
        return "What controls share with the pre-trained model"
    means = whole.groupby("series")["estimate"].mean()
    said = [
        f"{labels[name]} {span(tables.only(whole, series=name)['estimate'], 2)}"
        for name in map(str, (means.idxmax(), means.idxmin()))
    ]
    return f"Agreement with the pre-trained model: from {' to '.join(said)}"


def _agreements(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Agreement at every degree with its p-value against 0, corrected over a model's settings and degrees."""
    keys = [*_KEYS, "degree"]
    found = degrees.by_seed(rows, keys, settings.confidence)
    estimates = (seed_estimate(group) for _, group in rows.groupby(keys, sort=False)["agreement"])
    found["p_value"] = [each.p_value(0.0) if each.freedom > 0 else np.nan for each in estimates]
    found["p_holm"] = found.groupby("series")["p_value"].transform(holm)
    return found.assign(measure="agreement")


def _shares(null: pd.DataFrame | None, settings: Settings) -> list[pd.DataFrame]:
    """The paper's share of each model over all orders, and the same of permuted effects."""
    if null is None:
        return []
    rows = tables.only(null, measure="share", order="all").rename(columns={"model": "series"})
    return [
        tables.by_seed(rows, _KEYS, column, settings.confidence).assign(measure=measure)
        for column, measure in SHARES.items()
    ]


def _write_panel(axis: Axes, found: pd.DataFrame, labels: Mapping[str, str], title: str, settings: Settings) -> None:
    texts, names = _texts(found), list(labels)
    columns = {("agreement", degree): f"degree {degree}" for degree in SHOWN}
    columns |= {("agreement", degrees.ALL): "all", ("p", ""): "p"}
    columns |= {(share, ""): share for share in SHARES.values()}
    measured = {(measure, degree) for _, measure, degree in texts}
    columns = {key: heading for key, heading in columns.items() if key in measured}

    def cell(line: int, place: int) -> tuple[str, bool]:
        return texts.get((names[line], *[*columns][place]), ""), False

    text_table.write(axis, title, [*labels.values()], [*columns.values()], cell, settings)


def _texts(found: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Text of each model, measure and degree; of the p-values the smallest of a model."""
    texts = {}
    named = ["series", "measure", "degree", "estimate", "low", "high"]
    for series, measure, degree, estimate, low, high in found[named].to_numpy():
        spread = f" ± {(high - low) / 2:.2f}" if np.isfinite(high - low) else ""
        key = series, measure, degree if measure == "agreement" else ""
        texts[key] = f"{estimate:.2f}{spread}".replace("-", "−")
    for series, value in found.groupby("series")["p_holm"].min().dropna().items():
        texts[str(series), "p", ""] = f"{value:.3f}" if value >= 0.001 else "< 0.001"
    return texts


def _note(rows: pd.DataFrame, found: pd.DataFrame, settings: Settings) -> str:
    tested = tables.only(found, series=REINITIALISED, measure="agreement")["p_holm"].dropna()
    differing = int((tested < 1 - settings.confidence).sum())
    untrained = (
        f"The untrained network's agreement differs from 0 in {differing} of {len(tested)} settings and degrees. "
        if len(tested)
        else ""
    )
    words = degrees.words(rows, settings.confidence, settings.sample)
    spread = "± is half of the " if tables.repeated(rows) or degrees.over_images(rows) else ""
    test = (
        "p: the smallest of the setting, of the hypothesis that the agreement is 0, after Holm's correction over a "
        "model's settings and all degrees. "
    )
    share = (
        "Share: what the model preserves by the paper's measure; permuted: the same after its effects were permuted "
        "among subsets of equal size."
    )
    return (
        f"{tables.seeds(rows)}; {spread}{words}. Agreement with the "
        f"pre-trained model by degree, and over all degrees. {test if found['p_holm'].notna().any() else ''}{untrained}"
        f"{share if (found['measure'] != 'agreement').any() else ''}"
    )
