"""One figure of all benchmarks: ratios next to their aims, and cost against size."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from whypretrain.figures.style import BLUE, GREY, INK, ORANGE, RC, VERMILLION, WIDTH
from whypretrain.runtime import files

MARKERS = "osD^vP*Xph<>"


def draw(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Draw the figure to a PNG."""
    ratios = {name: table for name, table in tables.items() if "ratio" in table and table["ratio"].notna().any()}
    with matplotlib.rc_context(RC):
        figure = Figure((WIDTH["two"], 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        _ratios(left, ratios)
        if "scaling" in tables:
            _curves(right, tables["scaling"])
        with files.atomic(path) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})


def _ratios(axes: Axes, tables: dict[str, pd.DataFrame]) -> None:
    """Every ratio, a row a script; a short line marks each aim."""
    for row, table in enumerate(tables.values()):
        known = table[table["ratio"].notna()]
        place = row + np.linspace(-0.32, 0.32, len(known)) if len(known) > 1 else np.array([float(row)])
        colours = known["verdict"].map({"meets": BLUE, "misses": VERMILLION}).fillna(GREY)
        low, high = (known[end].fillna(known["ratio"]) if end in known else known["ratio"] for end in ("low", "high"))
        axes.hlines(place, low, high, colors=colours, linewidth=1)
        axes.scatter(known["ratio"], place, c=colours, s=8)
        aims = known[known["aim"].notna()]
        axes.vlines(aims["aim"], place[known["aim"].notna()] - 0.02, place[known["aim"].notna()] + 0.02, colors=INK)
    axes.set(xscale="log", xlabel="peer's time over ours; blue meets its aim, red misses it, grey has none")
    axes.set_yticks(range(len(tables)), [name.replace("_", " ") for name in tables])
    axes.invert_yaxis()
    axes.axvline(1, color=ORANGE, linewidth=0.6)
    axes.set_title("Compared with peers")


def _curves(axes: Axes, table: pd.DataFrame) -> None:
    """Cost over size, both relative to the first point, with the exponent."""
    for marker, (name, points) in zip(MARKERS, table.groupby("curve", sort=False), strict=False):
        x, y = (points[key].to_numpy() / points[key].iloc[0] for key in ("x", "ours_s"))
        slope = np.polyfit(np.log(x), np.log(y), 1)[0] if len(x) > 1 else np.nan
        axes.plot(x, y, marker=marker, linewidth=0.8, label=f"{name}: {slope:.2f}")
    axes.set(xscale="log", yscale="log", xlabel="size, relative", ylabel="cost, relative")
    axes.set_title("Scaling: exponents")
    axes.legend(fontsize=5.5)
