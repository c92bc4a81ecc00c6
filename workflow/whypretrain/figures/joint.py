"""Joint fine-tuning beside its baselines, from the table of runs: the paper's tables (arXiv:2111.12292)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures import canvas, joint_checks, marks, tables
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PALE, looks

Tables = Mapping[str, pd.DataFrame]
VARIED = {"source_classes": "source classes K", "source_weight": "weight λ", "source_ratio": "ratio μ"}
_RUN = ["architecture", "target", "seed"]


def main_table(given: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Methods x targets: accuracy with its interval, the average over targets, and its gain over fine-tuning."""
    runs = with_gains(given["runs"], settings)
    means, gains = (_with_average(runs, value, settings) for value in ("percent", "gain"))
    means["ahead"] = gains["low"] > 0  # of plain fine-tuning, paired by seed
    gain = gains.assign(ahead=means["ahead"])[gains["target"] == "average"].assign(target="gain")
    shown = pd.concat([means, gain], ignore_index=True)
    shown["published"] = np.where(
        (shown["target"] == "gain") & (shown["method"] == settings.joint), _published(given), np.nan
    )
    styles, columns = looks(runs["method"]), [*runs["target"].unique(), "average", "gain", "published"]
    architectures = list(runs["architecture"].unique())
    figure, body = canvas.canvas(
        settings,
        height=len(architectures) * (0.5 + 0.155 * len(styles)),
        title="Accuracy of fine-tuning with and without source data, %",
        note=f"{tables.seeds(runs)}; ± is half of the "
        f"{tables.seed_words(runs, settings.confidence)}. "
        f"gain: over {styles[settings.model].label}, in points, average over targets, paired by seed; "
        "bold: the interval of this paired gain lies above 0. published: average over 8 data sets, self-supervised "
        "ResNet-50; no other number is established.",
    )
    axes = body.subplots(len(architectures), 1, squeeze=False)[:, 0]
    for name, axis in zip(architectures, axes, strict=True):
        rows = tables.only(shown, architecture=name).set_index(["method", "target"])
        _write_table(axis, rows, {method: look.label for method, look in styles.items()}, columns, name)
    return figure, shown


def _with_average(runs: pd.DataFrame, value: str, settings: Settings) -> pd.DataFrame:
    """Means over seeds with their intervals for each target, then for the average over targets."""
    keys = ["architecture", "method", "target"]
    average = runs.groupby(["architecture", "method", "seed"], sort=False, as_index=False)[value].mean()
    both = pd.concat([runs[[*keys, "seed", value]], average.assign(target="average")], ignore_index=True)
    return tables.by_seed(both, keys, value, settings.confidence)


def ablation(given: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Gain over fine-tuning of each way to choose the source data, all else being equal."""
    runs = with_gains(given["runs"], settings)
    chosen = runs[_alike(runs, settings, free=("source", "source_loss")) | _without_source(runs, settings)]
    return _gains_by_method(
        chosen,
        settings,
        "What joint fine-tuning gains by the choice of source data",
        "All joint methods with the same weight and ratio; as many classes, but for all of them and clusters.",
    )


def sensitivity(given: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Accuracy of joint fine-tuning against the number of source classes, lambda and mu, one at a time."""
    runs = with_gains(given["runs"], settings)
    cells, look = tables.cells(runs), looks([settings.joint])[settings.joint]
    figure, grid = canvas.page(
        settings,
        panels=len(cells),
        kinds=len(VARIED),
        height=1.35,
        title="Number of source classes, weight and ratio of the source",
        note=f"{tables.seeds(runs)}; {look.label}, one setting varied, the others at their reference; dashed: "
        "fine-tuned alone; bars: "
        f"{tables.seed_words(runs, settings.confidence)}.",
    )
    shown = []
    for cell, column in zip(cells, grid.axes, strict=True):
        here = tables.in_cell(runs, cell)
        alone = tables.only(here, method=settings.model)["percent"].mean()
        column[0].set_title(tables.cell_title(cell))
        for (setting, label), axis in zip(VARIED.items(), column, strict=True):
            rows = here[_alike(here, settings, free=(setting,))]
            means = tables.by_seed(rows, [setting], "percent", settings.confidence).sort_values(setting)
            marks.bars(axis, means[setting].to_numpy(float), means, look)
            axis.axhline(alone, color=GREY, linestyle="--", linewidth=0.8)
            axis.set(xscale="log", xlabel=label)
            values = means[setting].to_numpy(float)
            axis.set_xticks(values, [f"{value:g}" for value in values])
            axis.minorticks_off()
            named = means.rename(columns={setting: "value"})
            shown.append(named.assign(architecture=cell[0], target=cell[1], setting=setting))
    for axis in grid.axes[0]:
        axis.set_ylabel("accuracy / %")
    keys = ["architecture", "target", "setting", "value", "estimate", "low", "high"]
    return figure, pd.concat(shown, ignore_index=True)[keys]


def target_sizes(given: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Gain over fine-tuning against the number of training images, for variants of the same target."""
    sizes = given["target_sizes"]
    sizes = sizes.assign(points=100 * sizes["gain"])
    cells, styles = tables.cells(sizes), looks(sizes["method"])
    keys = ["architecture", "target", "variant", "train_size", "method"]
    means = tables.by_seed(sizes, keys, "points", settings.confidence).sort_values("train_size")
    figure, grid = canvas.page(
        settings,
        panels=len(cells),
        kinds=1,
        height=2.2,
        title="Gain over fine-tuning by the size of the target set",
        note=f"{tables.seeds(sizes)}; in points, paired by seed, with the same test images; the variants' names stand "
        "above the points; bars: "
        f"{tables.seed_words(sizes, settings.confidence)}.",
        handles=[look.handle(line=False) for look in styles.values()],
    )
    for cell, axis in zip(cells, grid.axes[:, 0], strict=True):
        here = tables.in_cell(means, cell)
        for place, (method, look) in enumerate(styles.items()):
            line = tables.only(here, method=method)
            marks.bars(axis, line["train_size"].to_numpy(float) * 1.04**place, line, look, line=False)
        for row in here.drop_duplicates("variant").itertuples():
            top = axis.get_xaxis_transform()
            axis.text(
                row.train_size,
                0.98,
                str(row.variant),
                transform=top,
                rotation=90,
                va="top",
                fontsize=5,
                color=GREY,
            )
        axis.axhline(0, color=PALE, linewidth=0.8)
        axis.set(xscale="log", title=tables.cell_title(cell))
    grid.label("training images", ["gain / points"])
    return figure, means[[*keys, "estimate", "low", "high"]]


FIGURES: dict[str, Callable[[Tables, Settings], tuple[Figure, pd.DataFrame]]] = {
    "main_table": main_table,
    "ablation": ablation,
    "sensitivity": sensitivity,
    "target_sizes": target_sizes,
    **joint_checks.FIGURES,
}


def with_gains(runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The runs with `percent`, the accuracy, and `gain`, its excess over plain fine-tuning of that run, in points.

    Raises:
        InputError: if the runs lack plain fine-tuning or the joint method.
    """
    for method in (settings.model, settings.joint):
        tables.some(runs, "runs", method=method)
    runs = runs.assign(percent=100 * runs["accuracy"])
    alone = tables.only(runs, method=settings.model).set_index(_RUN)["percent"]
    return runs.assign(gain=runs["percent"] - alone.reindex(pd.MultiIndex.from_frame(runs[_RUN])).to_numpy())


def _alike(runs: pd.DataFrame, settings: Settings, *, free: tuple[str, ...]) -> np.ndarray:
    """Whether a run's source settings are those of the joint method of its target, but for the free ones.

    Runs whose settings were chosen by trials, or that leave out near-duplicates, are not. The rule `all`, and
    clusters in place of classes, have their own number of classes where the rule is free.
    """
    reference = tables.only(runs, method=settings.joint).groupby("target").first()
    alike = (runs["source"].notna() & runs["trials"].isna() & ~runs["drop_duplicates"].eq(True)).to_numpy()
    for column in {"source", "source_loss", *VARIED} - set(free):
        same = (runs[column] == runs["target"].map(reference[column])).to_numpy()
        own = (runs["source"] == "all") | (runs["source_loss"] == "consistency")
        exempt = column == "source_classes" and "source" in free
        alike = alike & (same | (exempt & own.to_numpy()))
    return alike


def _without_source(runs: pd.DataFrame, settings: Settings) -> np.ndarray:
    """Fine-tuning alone, but not the method that gains are over: for longer, say."""
    alone = runs["source"].isna() & runs["trials"].isna() & runs["method"].str.startswith(settings.model)
    return (alone & (runs["method"] != settings.model)).to_numpy()


def _gains_by_method(
    runs: pd.DataFrame, settings: Settings, title: str, note: str
) -> tuple[Figure, pd.DataFrame]:
    cells, styles = tables.cells(runs), looks(runs["method"])
    means = tables.by_seed(runs, ["architecture", "target", "method"], "gain", settings.confidence)
    bars = tables.seed_words(runs, settings.confidence)
    figure, grid = canvas.page(
        settings,
        panels=len(cells),
        kinds=1,
        height=0.5 + 0.19 * len(styles),
        title=title,
        note=f"{tables.seeds(runs)}; hollow: each seed; filled: mean; line: {bars}. {note}",
    )
    for index, (cell, axis) in enumerate(zip(cells, grid.axes[:, 0], strict=True)):
        here, average = tables.in_cell(runs, cell), tables.in_cell(means, cell)
        for place, (method, look) in enumerate(styles.items()):
            marks.dots(axis, tables.only(here, method=method)["gain"].to_numpy(), place, look)
            for _, interval in tables.only(average, method=method).iterrows():
                marks.mean(axis, interval, place, look)
        axis.axvline(0, color=PALE, linewidth=0.8)
        marks.categories(axis, [look.label for look in styles.values()], shown=grid.is_first(index))
        marks.few_ticks(axis)
        axis.set(title=tables.cell_title(cell), xlabel="gain / points")
    return figure, means


def _published(given: Tables) -> float:
    published = given.get("published_uot")
    rows = None if published is None else tables.only(published, quantity="average_accuracy_gain")
    return float(rows["value"].iloc[0]) if rows is not None and len(rows) else np.nan


def _write_table(
    axis: Axes, rows: pd.DataFrame, methods: dict[str, str], columns: list[str], title: str
) -> None:
    """Text in rows and columns; what is ahead of plain fine-tuning is bold."""
    axis.set(xlim=(-2.2, len(columns) - 0.4), ylim=(len(methods) - 0.4, -1.5), title=title)
    axis.set_axis_off()
    for place, column in enumerate(columns):
        axis.text(place, -1.0, column, ha="center", va="center", fontsize=6.5, weight="bold")
        for line, method in enumerate(methods):
            text = _cell(rows, method, column)
            weight = "bold" if rows["ahead"].get((method, column), False) else "normal"
            axis.text(place, line, text, ha="center", va="center", fontsize=6, weight=weight)
    for line, label in enumerate(methods.values()):
        axis.text(-2.15, line, label, va="center", fontsize=6.5)


def _cell(rows: pd.DataFrame, method: str, column: str) -> str:
    """`81.3 ± 1.2`; a gain with its sign; nothing where nothing is known, or 0 by definition."""

    def value(name: str, of: str) -> float:
        return float(rows[name].get((method, of), np.nan))

    if column == "published":
        published = value("published", "gain")
        return f"{published:+.2f}" if np.isfinite(published) else ""
    estimate, half = value("estimate", column), (value("high", column) - value("low", column)) / 2
    sign, spread = "+" if column == "gain" else "", f" ± {half:.1f}" if np.isfinite(half) else ""
    itself = column == "gain" and estimate == value("low", column) == value("high", column) == 0
    known = np.isfinite(estimate) and not itself
    return f"{estimate:{sign}.1f}{spread}".replace("-", "−") if known else ""
