"""Which start should be fine-tuned: accuracy against the linear probe, and what predicts it beyond the probe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import BLUE, GREY, Look, series_looks
from whypretrain.figures.wording import span
from whypretrain.statistics import spearman

LABELS = {
    "probe": "linear probe",
    "knn": "k-NN",
    "logme": "LogME",
    "training_gflop": "cost of training",
    "agreement_1": "agreement, degree 1",
    "agreement_2": "agreement, degree 2",
    "agreement_all": "agreement, all degrees",
    "preserved": "preserved share",
    "forgetting_early": "forgetting, early layers",
    "forgetting_late": "forgetting, late layers",
    "cka_early": "1 - CKA, early layers",
    "cka_late": "1 - CKA, late layers",
}
_STATISTICS = {
    "correlation": "rank correlation with\nfine-tuned accuracy",
    "beyond": "the same, given\nthe linear probe",
}
_KNOWN = {"before": Look("known before fine-tuning", BLUE), "after": Look("known only afterwards", GREY, "s")}


def draw(given: Mapping[str, Any], settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Left the starts, one point a start and target; right the measures, with and without the probe."""
    starts = (
        given["starts"].groupby(["target", "architecture"], sort=False)[["finetuned", "probe"]].mean().reset_index()
    )
    predictors = given["predictors"]
    looks = series_looks(starts["target"])
    figure, body = canvas.canvas(
        settings,
        height=max(2.2, 0.6 + 0.17 * len(predictors)),
        title=_title(predictors),
        note=_note(given["starts"], predictors, settings),
        handles=[look.handle(line=False) for look in (*looks.values(), *_KNOWN.values())],
    )
    left, *right = body.subplots(1, 3, width_ratios=[1.5, 1, 1])
    _draw_starts(left, starts, looks)
    for axis, (statistic, label) in zip(right, _STATISTICS.items(), strict=True):
        _draw_measures(axis, predictors, statistic)
        marks.categories(axis, [LABELS[name] for name in predictors["measure"]], shown=axis is right[0])
        axis.set_xlabel(label)
    return figure, pd.concat([starts, predictors], ignore_index=True)


def _title(predictors: pd.DataFrame) -> str:
    """How well the linear probe tells which start to fine-tune."""
    found = tables.only(predictors, measure="probe")["correlation"].dropna()
    if found.empty:
        return "Which start to fine-tune, and what predicts it"
    return f"The linear probe ranks starts like fine-tuning does by {span(found, 2)} (rank correlation)"


def _draw_starts(axis: Axes, starts: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    for target, look in looks.items():
        part = tables.only(starts, target=target)
        axis.plot(100 * part["probe"], 100 * part["finetuned"], color=look.colour, marker=look.marker, linestyle="none")
        best = part.iloc[int(part["finetuned"].to_numpy().argmax())]
        axis.annotate(
            str(best["architecture"]),
            (100 * best["probe"], 100 * best["finetuned"]),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=6,
        )
    axis.axline((50, 50), slope=1, color="#B3B3B3", linewidth=0.8, zorder=0)
    axis.set_xlim(0, 100)
    axis.set_ylim(0, 104)
    axis.set_xlabel("accuracy of the linear probe / %")
    axis.set_ylabel("fine-tuned accuracy / %")


def _draw_measures(axis: Axes, predictors: pd.DataFrame, statistic: str) -> None:
    axis.axvline(0, color="#B3B3B3", linewidth=0.8, zorder=0)
    names = {statistic: "estimate", f"{statistic}_low": "low", f"{statistic}_high": "high"}
    for place, row in predictors.rename(columns=names).iterrows():
        if pd.notna(row["estimate"]):
            marks.mean(axis, row, float(str(place)), _KNOWN[row["known"]])
    axis.set_xlim(-1.05, 1.05)


def _note(starts: pd.DataFrame, predictors: pd.DataFrame, settings: Settings) -> str:
    number, targets = predictors["starts"].iloc[0], predictors["targets"].iloc[0]
    rho = [spearman(part["probe"], part["finetuned"]) for _, part in starts.groupby("target")]
    adding = [LABELS[name] for name in predictors.loc[predictors["adds"].fillna(False).astype(bool), "measure"]]
    return (
        f"{number} starts on {targets} targets, {tables.seeds(starts)}; the best start of each target is named. "
        f"On the line fine-tuning gains nothing over the probe; rank correlations {min(rho):.2f} to {max(rho):.2f}. "
        f"{100 * settings.confidence:g} % intervals of a bootstrap over starts and targets. What adds to the probe, "
        f"corrected for {len(predictors) - 1} measures: {', '.join(adding) or 'nothing'}."
    )
