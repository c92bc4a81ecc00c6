"""The kept tables of a study as Markdown: every number and table with the command that makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.claims import ALL, EARLIER, NOT_RUN
from whypretrain.errors import InputError
from whypretrain.report.page import number
from whypretrain.report.studies import CARD, COSTS, matching
from whypretrain.runtime.files import read_json, read_table
from whypretrain.statistics import paired_interval, seed_interval

#: Rules of the workflow that make a folder or a table of their name; another table is a target by its path.
STAGES = ("claims", "figures", "interactions", "invariances", "select", "starts", "train")


class Study:
    """The kept tables of one study, `docs/results/NAME`, as Markdown; `up` leads from a page to the docs."""

    def __init__(self, name: str, docs: Path, up: str = "") -> None:
        self.name, self.up = name, up
        self.folder = docs / "results" / name
        self.about = read_json(self.folder / CARD)

    def rows(self, table: str, **where: Any) -> pd.DataFrame:
        """Rows of a table whose columns have the given values (a list: one of them).

        Args:
            table: a file of the study's, or a shell pattern of files whose rows are taken together, e.g. of all seeds.

        Raises:
            InputError: if the table, a column or such a row is not there.
        """
        found = pd.concat(map(read_table, self._files(table)), ignore_index=True)
        for column, value in where.items():
            if column not in found:
                raise InputError(f"{self.folder / table}: no column {column}; there is {', '.join(map(str, found))}")
            values = [str(each) for each in (value if isinstance(value, list) else [value])]
            found = found[found[column].astype(str).isin(values)]
        if found.empty:
            raise InputError(f"{self.folder / table}: no row where {where}")
        return found

    def run(self, target: str = "") -> str:
        """The command that makes the study, or a part of it."""
        return f"snakemake --cores all {target} --configfile {self.about['config']}".replace("  ", " ")

    def source(self, table: str) -> str:
        """Where a table is, and the command that makes it."""
        first = Path(table).parts[0].removesuffix(".csv")
        file = self._files(table)[0].relative_to(self.folder)
        target = first if first in STAGES else "" if table == COSTS else f"results/{self.name}/{file}"
        return f"[`{table}`]({self.up}results/{self.name}/{file}), made by `{self.run(target)}`"

    def _files(self, table: str) -> list[Path]:
        return matching(self.folder, table) or [self.folder / table]

    def made(self) -> str:
        """The command, commit, machine and cost of the whole study, as one paragraph."""
        [cost] = self.rows(COSTS, stage="all").to_dict("records")
        machine = "; ".join(self.about["hardware"])
        return (
            f"Made by `{self.run()}` at commit `{self.about['commit'][:12]}` ({machine}): {cost['jobs']} jobs, "
            f"{cost['wall_s'] / 60:.0f} minutes, {cost['core_s']:.0f} core-seconds, "
            f"at most {cost['memory_mb']:.0f} MB a job."
        )

    def costs(self) -> str:
        """Wall time, core-seconds and memory of every stage."""
        lines = [
            [row["stage"], str(row["jobs"]), *(number(row[key], 0) for key in ("wall_s", "core_s", "memory_mb"))]
            for row in self.rows(COSTS).to_dict("records")
        ]
        header = ["stage", "jobs", "wall time, s", "core-seconds", "memory of a job, MB"]
        return f"{markdown(header, lines)}\n\nFrom {self.source(COSTS)}."

    def verdicts(self, *patterns: str, claims: bool = True) -> str:
        """Claims over all settings: statement, estimate with its interval, what was expected, control, verdict.

        Args:
            patterns: shell patterns of claim ids; none: all.
            claims: whether the statements are shown, or the ids alone.
        """
        found = self.rows("claims.csv", architecture=ALL, target=ALL)
        chosen = found["id"].map(lambda name: not patterns or any(fnmatchcase(name, each) for each in patterns))
        found["verdict"] = found["verdict"].replace(EARLIER)
        tested = found["verdict"] != NOT_RUN
        lines = [
            [
                f"{row['claim']} (`{row['id']}`)" if claims else f"`{row['id']}`",
                interval(row["estimate"], row["low"], row["high"]),
                _text(row["expected"]),
                f"{_text(row['control'])}: {number(row['control_estimate'], 2)}" if _text(row["control"]) else "",
                row["verdict"],
            ]
            for row in found[chosen & tested].to_dict("records")
        ]
        header = ["claim", "estimate", "expected", "control", "verdict"]
        left_out = (chosen & ~tested).sum()
        others = f" {left_out} claims that need another experiment are left out." if left_out else ""
        return f"{markdown(header, lines)}\n\nFrom {self.source('claims.csv')}; 95 % intervals over seeds.{others}"

    def value(self, table: str, value: str, *, percent: bool = False, over: str = "seed", **where: Any) -> str:
        """One number: the mean over seeds of the rows in question, with its interval."""
        return _over_seeds(self.rows(table, **where), value, over, 100 if percent else 1)

    def difference(self, table: str, value: str, of: dict, minus: dict, *, percent: bool = False) -> str:
        """Mean over seeds of one value minus another of the same seed, with its interval; each is named by columns."""
        first, second = (self.rows(table, **each).groupby("seed")[value].mean() for each in (of, minus))
        found = paired_interval(*first.align(second, join="inner"))
        factor, digits = (100, 1) if percent else (1, 2)
        return interval(factor * found.estimate, factor * found.low, factor * found.high, digits)

    def grid(
        self,
        table: str,
        value: str,
        *,
        rows: str,
        columns: str,
        against: str = "",
        percent: bool = False,
        over: str = "seed",
        names: Mapping[str, str] = {},
        **where: Any,
    ) -> str:
        """A table of `value`: means over seeds, with their intervals.

        Args:
            table: one of the study's, e.g. `train/runs.csv`.
            value: column of the numbers, whose other keys than rows, columns and seeds are averaged over.
            against: a column whose mean is written next to each value, e.g. a chance level.
            rows, columns: columns whose values stand in rows and columns, in the order of the table or of `where`.
            percent: whether numbers are fractions to be shown in percent.
            over: column of the seeds.
            names: what to write in place of a value of `rows` and `columns`.
            where: values by column; see `rows`.
        """
        found = self.rows(table, **where)
        labels = {key: _order(found[key], where.get(key)) for key in (rows, columns)}
        lines = []
        for row in labels[rows]:
            own = found[found[rows].astype(str) == row]
            cells = [own[own[columns].astype(str) == label] for label in labels[columns]]
            lines.append(
                [names.get(row, row), *(_cell(cell, value, against, over, 100 if percent else 1) for cell in cells)]
            )
        header = [f"{value}, %" if percent else value, *(names.get(label, label) for label in labels[columns])]
        return f"{markdown(header, lines)}\n\nFrom {self.source(table)}{_said(found, over)}."

    def means(
        self, table: str, by: str, columns: Mapping[str, str], *, over: str = "seed", heading: str = "", **where: Any
    ) -> str:
        """A row for each value of `by`: several columns, each as its mean over seeds with its interval.

        Args:
            columns: the heading of each column that is shown.
            heading: that of the first one; `by` where not given.
        """
        found = self.rows(table, **where)
        groups = [(value, found[found[by].astype(str) == value]) for value in _order(found[by], where.get(by))]
        shown = [[value, *(_over_seeds(rows, column, over, 1) for column in columns)] for value, rows in groups]
        header = [heading or by, *columns.values()]
        return f"{markdown(header, shown)}\n\nFrom {self.source(table)}{_said(found, over)}."

    def lines(self, table: str, columns: Mapping[str, str], *, digits: int = 2, **where: Any) -> str:
        """Rows of a table as they are, values with the bounds that stand in columns VALUE_low and VALUE_high.

        Args:
            columns: the heading of each column that is shown.
        """
        found = self.rows(table, **where).astype(object)
        shown = [[_as_it_is(row, column, digits) for column in columns] for row in found.to_dict("records")]
        return f"{markdown(list(columns.values()), shown)}\n\nFrom {self.source(table)}."


def markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    ruled = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in ruled)


def interval(estimate: float, low: float, high: float, digits: int = 2) -> str:
    """`0.44 [0.41, 0.47]`; without bounds the estimate alone."""
    bounds = "" if np.isnan(low) else f" [{number(low, digits)}, {number(high, digits)}]"
    return f"{number(estimate, digits)}{bounds}"


def _cell(rows: pd.DataFrame, value: str, against: str, over: str, factor: float) -> str:
    if rows.empty:
        return ""
    chance = f" ({against} {number(factor * rows[against].mean(), 1 if factor == 100 else 2)})" if against else ""
    return _over_seeds(rows, value, over, factor) + chance


def _over_seeds(rows: pd.DataFrame, value: str, over: str, factor: float) -> str:
    """Mean over seeds with its interval; of a single row that has bounds, those."""
    digits = 1 if factor == 100 else 2
    if len(rows) == 1 and {"low", "high"} <= set(rows):
        estimate, low, high = (factor * float(rows[key].iloc[0]) for key in (value, "low", "high"))
        return interval(estimate, low, high, digits)
    means = rows.groupby(over)[value].mean() if over in rows else rows[value]
    found = seed_interval(factor * means)
    return interval(found.estimate, found.low, found.high, digits)


def _as_it_is(row: Mapping[Any, Any], column: str, digits: int) -> str:
    value = row[column]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return _text(value)
    return interval(value, row.get(f"{column}_low", np.nan), row.get(f"{column}_high", np.nan), digits)


def _said(rows: pd.DataFrame, over: str) -> str:
    """What the intervals are over, where there are any."""
    seeds = rows[over].nunique() if over in rows else 0
    return f"; means and 95 % intervals over {seeds} seeds" if seeds > 1 else ""


def _order(column: pd.Series, wanted: Any) -> list[str]:
    there = list(dict.fromkeys(column.astype(str)))
    return [str(each) for each in wanted if str(each) in there] if isinstance(wanted, list) else there


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
