"""The published selection study as figures: masses, overlaps, birds and concepts (arXiv:2111.12292).

Each takes the tables of `whypretrain.selection.study` and gives a figure with the table of what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from whypretrain.figures import canvas
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import GREY, PALE, Look, concept_colours, looks, rule_looks, words
from whypretrain.figures.tables import only

Tables = Mapping[str, pd.DataFrame]
_RULE = "uot"


def masses(tables: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Row masses in falling order, over their mean: one panel a pre-training, one line a target."""
    table = tables["masses"]
    table = table.assign(relative=table["score"] / table.groupby(_PAIR)["score"].transform("mean"))
    styles = looks(table["target"])
    figure, grid = canvas.page(
        settings,
        panels=table["pretraining"].nunique(),
        kinds=1,
        height=2.0,
        title="Row masses of the transport plan, sorted",
        note="Mass of a source class over the mean of all source classes; dotted: the last class chosen. "
        "A flat curve means that the plan hardly chooses.",
        handles=[look.handle() for look in styles.values()],
    )
    chosen = int(only(tables["summary"], rule=_RULE)["classes"].max())
    for (name, rows), axis in zip(table.groupby("pretraining", sort=False), grid.axes[:, 0], strict=True):
        for target, line in rows.groupby("target", sort=False):
            look = styles[str(target)]
            axis.plot(
                line["rank"],
                line["relative"],
                color=look.colour,
                linestyle=look.line,
                marker=look.marker,
                markevery=0.2,
            )
        axis.axvline(chosen, color=GREY, linestyle=":", linewidth=0.8)
        axis.set(xscale="log", yscale="log", title=words(str(name)))
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_minor_locator(NullLocator())
        for scale in (axis.xaxis, axis.yaxis):
            scale.set_major_formatter("{x:g}")
    grid.label("rank of the source class", ["mass / mean"])
    return figure, table[[*_PAIR, "rank", "score", "relative"]]


def overlap(tables: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """How many chosen classes two rules share, one matrix a pre-training and target."""
    table = tables["overlap"]
    rules = list(dict.fromkeys([*table["rule"], *table["other_rule"]]))
    pairs = _pairs(table)
    chosen = int(tables["summary"]["classes"].max())
    figure, grid = canvas.page(
        settings,
        panels=len(pairs),
        kinds=1,
        height=2.0,
        title="Classes that two selection rules share",
        note=f"Of {chosen} classes chosen by each rule.",
    )
    labels = [rule_looks([rule])[rule].label for rule in rules]
    for panel, (pair, axis) in enumerate(zip(pairs, grid.axes[:, 0], strict=True)):
        shared = _matrix(_in(table, pair), rules, chosen)
        axis.imshow(shared, cmap="Greys", vmin=0, vmax=1.4 * chosen, aspect="auto")
        for row, column in np.ndindex(shared.shape):
            axis.text(column, row, f"{shared[row, column]:.0f}", ha="center", va="center", fontsize=4.5)
        axis.set_xticks(range(len(rules)), labels, rotation=90, fontsize=5.5)
        axis.set_yticks(
            range(len(rules)), labels if grid.is_first(panel) else [""] * len(rules), fontsize=5.5
        )
        axis.set_title(_title(pair))
    return figure, table


def birds(tables: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Birds among the classes chosen for CUB, against the number of classes and the temperature."""
    table = only(tables["sensitivity"], target="CUB")
    table = table[table["setting"].isin(["classes", "temperature"])]
    styles = looks(table["pretraining"])
    figure, grid = canvas.page(
        settings,
        panels=2,
        kinds=1,
        height=2.0,
        title="Birds among the source classes chosen for CUB-200",
        note="Unbalanced transport. Dashed: every chosen class a bird, up to all there are; dotted: by chance.",
        handles=[look.handle() for look in styles.values()],
    )
    total = _total_birds(tables["concepts"])
    for setting, axis in zip(("classes", "temperature"), grid.axes[:, 0], strict=True):
        rows = only(table, setting=setting)
        if rows.empty:
            canvas.say_empty(axis, "no class means of CUB")
            continue
        for name, line in rows.groupby("pretraining", sort=False):
            look = styles[str(name)]
            axis.plot(
                line["value"], line["birds"], color=look.colour, marker=look.marker, linestyle=look.line
            )
        _draw_bounds(axis, rows, total)
        axis.set(xscale="log", xlabel=_SETTINGS[setting], ylim=(0, None))
        values = sorted(rows["value"].unique())
        axis.set_xticks(values, [f"{value:g}" for value in values])
        axis.xaxis.set_minor_locator(NullLocator())
    grid.axes[0, 0].set_ylabel("birds")
    return figure, table[["pretraining", "target", "setting", "value", "classes", "birds"]]


def concepts(tables: Tables, settings: Settings) -> tuple[Figure, pd.DataFrame]:
    """Concepts of the chosen classes, one bar a rule, one panel a pre-training and target."""
    table = tables["concepts"]
    pairs, rules = _pairs(table), list(table["rule"].unique())
    order = table.groupby("concept")["chosen"].sum().sort_values(ascending=False, kind="stable").index
    colours = concept_colours(order)
    figure, grid = canvas.page(
        settings,
        panels=len(pairs),
        kinds=1,
        height=0.5 + 0.16 * len(rules),
        title="Concepts of the chosen source classes",
        note="Grey: the remaining concepts. The number of classes that each rule chose, by their concept.",
        handles=[Look(words(name), colours[name]).patch() for name in order if colours[name] != PALE],
    )
    labels = [rule_looks([rule])[rule].label for rule in rules]
    for panel, (pair, axis) in enumerate(zip(pairs, grid.axes[:, 0], strict=True)):
        counts = _in(table, pair).pivot(index="rule", columns="concept", values="chosen").loc[rules, order]
        left = np.zeros(len(rules))
        for name in order:
            width = counts[name].to_numpy(float)
            axis.barh(range(len(rules)), width, left=left, color=colours[name], height=0.75)
            left += width
        axis.set_yticks(range(len(rules)), labels if grid.is_first(panel) else [""] * len(rules))
        axis.invert_yaxis()
        axis.set_title(_title(pair))
    grid.label("classes", [""])
    return figure, table


FIGURES: dict[str, Callable[[Tables, Settings], tuple[Figure, pd.DataFrame]]] = {
    "masses": masses,
    "overlap": overlap,
    "birds": birds,
    "concepts": concepts,
}
_PAIR = ["pretraining", "target"]
_SETTINGS = {"classes": "classes chosen", "temperature": "temperature / cosine cost"}


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(table[_PAIR].drop_duplicates().itertuples(index=False, name=None))


def _in(table: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    return only(table, pretraining=pair[0], target=pair[1])


def _title(pair: tuple[str, str]) -> str:
    return f"{words(pair[0])} · {pair[1]}"


def _matrix(rows: pd.DataFrame, rules: list[str], chosen: int) -> np.ndarray:
    """Shared classes of all pairs of rules, symmetric; a rule shares all with itself."""
    shared = np.diag(np.full(len(rules), float(chosen)))
    for row in rows.itertuples():
        first, second = rules.index(str(row.rule)), rules.index(str(row.other_rule))
        shared[first, second] = shared[second, first] = row.shared
    return shared


def _total_birds(concepts: pd.DataFrame) -> tuple[int, int]:
    """How many source classes are birds, and how many source classes there are."""
    rows = _in(concepts, _pairs(concepts)[0])
    rows = only(rows, rule=rows["rule"].iloc[0])
    return int(only(rows, concept="bird")["classes"].sum()), int(rows["classes"].sum())


def _draw_bounds(axis: Axes, rows: pd.DataFrame, total: tuple[int, int]) -> None:
    found = rows.drop_duplicates("value").sort_values("value")
    chosen = found["classes"].to_numpy(float)
    axis.plot(found["value"], np.minimum(chosen, total[0]), color=GREY, linestyle="--", linewidth=0.8)
    axis.plot(found["value"], chosen * total[0] / total[1], color=GREY, linestyle=":", linewidth=0.8)
