"""The few marks that figures are made of: dots with an interval, and lines with a band."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from whypretrain.figures.style import GREY, Look


def dots(axis: Axes, values: np.ndarray, place: float, look: Look) -> None:
    """Every seed as a small hollow dot, just above the horizontal line at `place`."""
    axis.plot(
        values,
        np.full(len(values), place - 0.27),
        linestyle="none",
        marker="o",
        markersize=2.4,
        markerfacecolor="none",
        markeredgewidth=0.6,
        color=look.colour,
        alpha=0.8,
        clip_on=False,
    )


def mean(axis: Axes, interval: pd.Series, place: float, look: Look, limits: tuple[float, float] | None = None) -> None:
    """The mean and its interval on a horizontal line at `place`; arrowheads where the interval goes beyond `limits`."""
    if np.isfinite(interval["low"]):
        first, last = limits or (-np.inf, np.inf)
        low, high = max(first, interval["low"]), min(last, interval["high"])
        axis.plot([low, high], [place, place], color=look.colour, linewidth=1.1)
        for end, bound, marker in ((low, interval["low"], "<"), (high, interval["high"], ">")):
            if end == bound:
                continue
            axis.plot(end, place, marker=marker, markersize=3.2, markeredgewidth=0, color=look.colour, clip_on=False)
    axis.plot(
        interval["estimate"],
        place,
        marker=look.marker,
        markersize=4,
        color=look.colour,
        markerfacecolor="white" if look.hollow else look.colour,
        **({"markeredgewidth": 0.8} if look.hollow else look.edge),
        zorder=4,
        clip_on=False,
    )


def beyond(intervals: pd.DataFrame, limits: tuple[float, float]) -> str:
    """What arrowheads mean, where some interval goes beyond the limits."""
    outside = (intervals["low"] < limits[0]) | (intervals["high"] > limits[1])
    return " Arrowhead: the interval goes on." if outside.any() else ""


def band(
    axis: Axes, x: np.ndarray, interval: pd.DataFrame, look: Look, *, markers: bool = True, thin: bool = False
) -> None:
    """A line through the estimates and a band between the bounds, where there are bounds."""
    axis.plot(
        x,
        interval["estimate"],
        color=look.colour,
        linestyle=look.line,
        marker=look.marker if markers else "",
        linewidth=1.0 if thin else None,
        markersize=2.0 if thin else 3,
        **(look.edge | ({"markeredgewidth": 0} if thin else {})),
        label=look.label,
        zorder=3,
    )
    if np.isfinite(interval["low"]).any():
        low, high = interval["low"].to_numpy(float), interval["high"].to_numpy(float)
        axis.fill_between(np.asarray(x, float), low, high, color=look.colour, alpha=0.16, linewidth=0)


def bars(axis: Axes, x: np.ndarray, interval: pd.DataFrame, look: Look, *, line: bool = True) -> None:
    """Points with error bars, joined by a line if `line`."""
    finite = np.isfinite(interval["low"].to_numpy(float))
    axis.vlines(
        np.asarray(x, float)[finite],
        interval["low"][finite],
        interval["high"][finite],
        color=look.colour,
        linewidth=0.9,
    )
    axis.plot(
        x,
        interval["estimate"],
        color=look.colour,
        linestyle=look.line if line else "none",
        marker=look.marker,
        markersize=4.4,
        linewidth=1.0,
        **look.edge,
        zorder=3,
    )


def categories(axis: Axes, labels: list[str], *, shown: bool = True) -> None:
    """Named rows from top to bottom on the y axis."""
    axis.set_yticks(range(len(labels)), labels if shown else [""] * len(labels))
    axis.set_ylim(max(len(labels), 1) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color="#DDDDDD", linewidth=0.5)
    axis.set_axisbelow(True)


def at_the_right(axis: Axes, place: float, text: str) -> None:
    """A word to the right of the panel, at a row."""
    axis.text(
        1.02, place, text, transform=axis.get_yaxis_transform(), va="center", fontsize=6, color=GREY, clip_on=False
    )


def few_ticks(axis: Axes) -> None:
    """At most five round numbers on the x axis."""
    axis.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))


def share_x(axes: Iterable[Axes]) -> None:
    """One x range for all panels, as wide as what they show, with few ticks."""
    panels = list(axes)
    limits = [axis.get_xlim() for axis in panels]
    for axis in panels:
        axis.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
        few_ticks(axis)


def log_steps(axis: Axes, steps: np.ndarray) -> None:
    """A logarithmic axis from the first step on, with room for step 0."""
    positive = steps[steps > 0]
    first, last = (float(positive.min()), float(positive.max())) if positive.size else (1.0, 1.0)
    axis.set_xscale("symlog", linthresh=first, linscale=0.4)
    axis.set_xlim(-0.15 * first, last * 1.3)
    ticks = [0.0, *10.0 ** np.arange(np.ceil(np.log10(first)), np.floor(np.log10(last)) + 1)]
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
