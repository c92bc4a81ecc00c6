"""The first screen of the report: three questions, each with a sentence and a few intervals that answer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.claims.runs import RUN, estimate_runs
from whypretrain.claims.verdict import ALL
from whypretrain.config.parts import Role
from whypretrain.config.roles import cast_of, roles_of
from whypretrain.runtime.files import read_table
from whypretrain.statistics import Interval

KEPT = {  # rows of scale.csv: what the chart calls them, and the sentence, if it names them
    "agreement, degree 1": ("function over single parts", "of the function over single parts of the input"),
    "agreement, degree 2": ("function over pairs of parts", "over pairs of parts"),
    "agreement, degree 3": ("function over triples of parts", ""),
    "preserved share": ("interactions (the paper's share)", ""),
    "invariances not forgotten": ("invariances, mean over layers", "of the invariances"),
}
POINTS = 100
RANDOM = "joint_random"  # the part of CAST


@dataclass(frozen=True)
class Bar:
    """One interval of a chart, with the chance level and the ceiling of the same measure where they are known."""

    label: str
    found: Interval
    floor: float = np.nan
    ceiling: float = np.nan

    @property
    def numbers(self) -> list[float]:
        every = (self.found.estimate, self.found.low, self.found.high, self.floor, self.ceiling)
        return [value for value in every if np.isfinite(value)]


@dataclass(frozen=True)
class Answer:
    """One question.

    Attributes:
        question: as a heading.
        sentence: the answer, with its interval; or what is missing.
        unit: of the chart's numbers, for its caption.
        bars: of the chart, in order; without any there is none.
        figure: the figure that shows more.
        open: the axis goes as far as the numbers; else from 0 to 1.
    """

    question: str
    sentence: str
    unit: str = ""
    bars: list[Bar] = field(default_factory=list)
    figure: str = ""
    open: bool = True

    @property
    def span(self) -> tuple[float, float]:
        """The ends of the axis, with a margin: all numbers and 0, or 0 to 1; intervals are cut off there."""
        numbers = [0.0, *(number for bar in self.bars for number in bar.numbers)] if self.open else [0.0, 1.0]
        margin = 0.04 * (max(numbers) - min(numbers) or 1)
        return min(numbers) - margin, max(numbers) + margin

    def place(self, value: float) -> str:
        """Where a value is on the axis, in percent of its length; its end, if it is beyond."""
        low, high = self.span
        return f"{100 * min(max((value - low) / (high - low), 0), 1):.2f}%"


def answers(runs: pd.DataFrame, results: Path, config: Mapping[str, Any]) -> list[Answer]:
    """What pre-training gave, what fine-tuning kept, and whether chosen source data helped, as far as they were run.

    Args:
        runs: the table of all runs, empty before training.
        results: the experiment's folder.
        config: its whole configuration.

    Raises:
        InputError: if `scale.csv` cannot be read.
    """
    known = "methods" in config.get("train", {})
    roles = roles_of(dict(config)) if known else {role: str(role) for role in Role}
    cast = cast_of(dict(config)) if known else {RANDOM: [RANDOM]}
    confidence = config.get("statistics", {}).get("confidence", 0.95)
    path = results / "scale.csv"
    scale = read_table(path) if path.is_file() else pd.DataFrame()
    random = next(iter(cast.get(RANDOM, [])), None)
    return [*_gave(runs, roles, confidence), *_kept(scale, roles), *_helped(runs, roles, random, confidence)]


def _gave(runs: pd.DataFrame, roles: Mapping[Role, str], confidence: float) -> Iterator[Answer]:
    finetune, scratch = roles.get(Role.FINETUNE), roles.get(Role.SCRATCH)
    more = _differences(runs, finetune, scratch)
    if more.empty or finetune is None or scratch is None:
        return
    everywhere = estimate_runs(more, pool="mean").interval(confidence)
    bars = [
        Bar(f"{architecture}, {target}", estimate_runs(part, pool="mean").interval(confidence))
        for (architecture, target), part in more.groupby(["architecture", "target"], sort=False)
    ]
    longer = _steps(runs, finetune, scratch)
    yield Answer(
        "What did pre-training give?",
        f"Fine-tuned models are {_points(everywhere)} than models trained from scratch{longer}.",
        "difference of test accuracy, percentage points",
        bars,
        "accuracy",
    )


def _kept(scale: pd.DataFrame, roles: Mapping[Role, str]) -> Iterator[Answer]:
    """Metrics of the fine-tuned model between chance level and ceiling, from `scale.csv`."""
    if not {"measured_low", "measured_high"} <= set(scale):
        return
    own = scale[(scale["model"] == roles.get(Role.FINETUNE)) & (scale["architecture"] == ALL)]
    rows = {row["metric"]: row for row in own.dropna(subset="measured").to_dict("records")}
    bars = [_bar(label, rows[metric]) for metric, (label, _) in KEPT.items() if metric in rows]
    if not bars:
        return
    parts = [
        f"{rows[metric]['measured']:.2f} {phrase} (chance level {rows[metric]['floor']:.2f})"
        for metric, (_, phrase) in KEPT.items()
        if phrase and metric in rows
    ]
    yield Answer(
        "What did fine-tuning keep of it?",
        f"Where 1 is all that the pre-trained model does, fine-tuning kept {', '.join(parts)}.",
        "1 is all; the upright line is the chance level, the diamond the ceiling",
        bars,
        "scale",
        open=False,
    )


def _bar(label: str, row: Mapping[Any, Any]) -> Bar:
    found = Interval(row["measured"], row["measured_low"], row["measured_high"])
    return Bar(label, found, row["floor"], row["ceiling"])


def _helped(runs: pd.DataFrame, roles: Mapping[Role, str], random: str | None, confidence: float) -> Iterator[Answer]:
    joint = roles.get(Role.JOINT)
    others = {"plain fine-tuning": roles.get(Role.FINETUNE), "joint training on random classes": random}
    found = {
        name: estimate_runs(more, pool="mean").interval(confidence)
        for name, other in others.items()
        if not (more := _differences(runs, joint, other)).empty
    }
    if not found:
        return
    parts = [f"{_points(each)} than {name}" for name, each in found.items()]
    yield Answer(
        "Did training on chosen source data help?",
        f"Joint training on chosen source classes is {', and '.join(parts)}.",
        "difference of test accuracy, percentage points",
        [Bar(f"compared with {name}", each) for name, each in found.items()],
        "accuracy",
    )


def _differences(runs: pd.DataFrame, one: str | None, other: str | None) -> pd.Series:
    """Accuracy of one method minus that of another in percentage points, a number a run."""
    if runs.empty or not {one, other} <= set(runs["method"]):
        return pd.Series(dtype=float)
    wide = runs.pivot_table(index=RUN, columns="method", values="accuracy", sort=False)
    return (POINTS * (wide[one] - wide[other])).dropna()


def _points(found: Interval) -> str:
    """In words: clearly more or less accurate, or no clear difference."""
    if not np.isfinite(found.low):
        return f"{abs(found.estimate):.1f} points {'more' if found.estimate > 0 else 'less'} accurate"
    size = f"{found.estimate:+.1f} points [{found.low:.1f}, {found.high:.1f}]".replace("-", "−")
    if found.low <= 0 <= found.high:
        return f"not clearly more or less accurate ({size})"
    return f"{'more' if found.low > 0 else 'less'} accurate ({size})"


def _steps(runs: pd.DataFrame, one: str, other: str) -> str:
    """How many times the steps of one method another took, where it took more."""
    if "steps" not in runs:
        return ""
    steps = runs.groupby("method")["steps"].mean()
    return f" with {steps[other] / steps[one]:.3g} times the steps" if steps[other] > steps[one] > 0 else ""
