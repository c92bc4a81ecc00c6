"""What stands behind a comparison of joint fine-tuning: how settings were chosen, what near-duplicates are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, looks, words

Tables = Mapping[str, pd.DataFrame]
SHORT = {
    "source_classes": "K", "source_weight": "λ", "source_ratio": "μ", "learning_rate": "rate", "weight_decay": "decay",
}  # fmt: skip
_RUN = ["architecture", "target", "method", "seed"]


def tuning(given: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Accuracy on held-out training images of every combination of settings tried, and how often it was chosen."""
    trials = given["tuning"]
    trials = trials.assign(tried=_tried(trials), percent=100 * trials["accuracy"])
    by_run = trials.groupby([*_RUN, "tried", "chosen"], sort=False)["percent"].mean().reset_index()
    means = tables.by_seed(by_run, [*_RUN[:3], "tried"], "percent", settings.confidence)
    counts = by_run.groupby([*_RUN[:3], "tried"], sort=False)["chosen"].sum().reset_index()
    shown, styles = means.merge(counts), looks(trials["method"])
    rows = list(trials[["method", "tried"]].drop_duplicates().itertuples(index=False, name=None))
    bars = tables.seed_words(trials, settings.confidence)
    figure, grid = canvas.page(
        settings,
        panels=len(tables.cells(trials)),
        kinds=1,
        height=0.5 + 0.19 * len(rows),
        title="Settings tried on held-out training images, and those chosen",
        note=f"{tables.seeds(trials)}; hollow: each seed; filled: mean; line: {bars}; on the right, for how many seeds "
        f"the setting was chosen. Test images have no part in it. "
        f"{tables.extent(trials.groupby([*_RUN, 'trial'])['held_out'].sum())} training images judge a setting.",
    )
    labels = [f"{styles[method].label.removesuffix(', settings chosen')}: {tried}" for method, tried in rows]
    for index, (cell, axis) in enumerate(zip(tables.cells(trials), grid.axes[:, 0], strict=True)):
        for place, (method, tried) in enumerate(rows):
            seeds = tables.only(tables.in_cell(by_run, cell), method=method, tried=tried)
            marks.dots(axis, seeds["percent"].to_numpy(), place, styles[method])
            for _, found in tables.only(tables.in_cell(shown, cell), method=method, tried=tried).iterrows():
                marks.mean(axis, found, place, styles[method])
                _at_the_right(axis, place, str(int(found["chosen"])))
        marks.categories(axis, labels, shown=grid.is_first(index))
        marks.few_ticks(axis)
        axis.set(title=tables.cell_title(cell), xlabel="held-out accuracy / %")
    return figure, shown


def duplicates(given: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Accuracy of joint fine-tuning with and without source images that nearly are test images."""
    pairs = _with_and_without(given["runs"])
    styles, cells = looks(pairs["method"]), tables.cells(pairs)
    keys = ["architecture", "target", "method", "drop_duplicates"]
    shown = tables.by_seed(pairs, keys, "percent", settings.confidence)
    counts = pairs.groupby(keys, sort=False, as_index=False)[["source_images", "duplicates"]].mean()
    shown = shown.merge(counts)
    bars = tables.seed_words(pairs, settings.confidence)
    figure, grid = canvas.page(
        settings,
        panels=len(cells),
        kinds=1,
        height=0.6 + 0.4 * len(styles),
        title="Joint fine-tuning with and without near-duplicates of test images",
        note=f"{tables.seeds(pairs)}; filled: all source images; hollow: without those that nearly are test images of "
        f"the target, whose mean number stands on the right; line: {bars}.",
    )
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        for place, (method, look) in enumerate(styles.items()):
            here = tables.only(tables.in_cell(shown, cell), method=method)
            for _, found in here.iterrows():
                dropped = bool(found["drop_duplicates"])
                marks.mean(axis, found, place + (0.18 if dropped else -0.18), replace(look, hollow=dropped))
            _at_the_right(axis, place, f"{here['duplicates'].max():.0f}")
        marks.categories(axis, [look.label for look in styles.values()], shown=grid.is_first(index))
        marks.few_ticks(axis)
        axis.set(title=tables.cell_title(cell), xlabel="accuracy / %")
    return figure, shown


def _tried(trials: pd.DataFrame) -> list[str]:
    """Of each row the settings that its method tries: `λ 0.1, μ 1`."""
    settings = [
        name for name in trials if name not in {*_RUN, "trial", "fold", "held_out", "accuracy", "chosen"}
    ]
    named = [SHORT.get(str(name), words(str(name))) for name in settings]
    return [
        ", ".join(f"{name} {value:g}" for name, value in zip(named, row, strict=True) if pd.notna(value))
        for row in trials[settings].to_numpy()
    ]


def _with_and_without(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs that differ from another in `drop_duplicates` alone, and these, all named as the latter."""
    runs = runs[runs["source"].notna() & runs["trials"].isna()]
    runs = runs.assign(percent=100 * runs["accuracy"], drop_duplicates=runs["drop_duplicates"].astype(bool))
    alike = ["architecture", "target", "seed", "source", "source_loss", "source_classes", "source_weight"]
    alike += ["source_ratio"]
    without, kept = runs[runs["drop_duplicates"]], runs[~runs["drop_duplicates"]]
    pairs = without.drop(columns="method").merge(kept[[*alike, "method"]], on=alike)
    return pd.concat([kept.merge(pairs[[*alike, "method"]], on=[*alike, "method"]), pairs], ignore_index=True)


def _at_the_right(axis: Axes, place: float, text: str) -> None:
    axis.text(
        1.02,
        place,
        text,
        transform=axis.get_yaxis_transform(),
        va="center",
        fontsize=6,
        color=GREY,
        clip_on=False,
    )


FIGURES: dict[str, Callable[[Tables, Settings], tuple[Figure, pd.DataFrame]]] = {
    "tuning": tuning,
    "duplicates": duplicates,
}
