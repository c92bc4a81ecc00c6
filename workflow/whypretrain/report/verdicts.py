"""The table of verdicts, arranged for reading: by paper, one entry a claim with its single settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whypretrain.claims import ALL, VERDICTS, read_verdicts
from whypretrain.errors import InputError
from whypretrain.figures import Paper

MARKS = dict(zip(VERDICTS, "✓✗?–↗", strict=True))  # a verdict is never told by colour alone


@dataclass(frozen=True)
class Entry:
    """One claim: its overall row, and those of single architectures and targets."""

    row: dict[str, Any]
    cells: list[dict[str, Any]]

    @property
    def mark(self) -> str:
        return MARKS[self.row["verdict"]]


@dataclass(frozen=True)
class Verdicts:
    """All claims by paper."""

    by_paper: dict[str, list[Entry]]

    def counts(self, paper: str | None = None) -> dict[str, int]:
        """Number of claims by verdict, of one paper or of all."""
        papers = self.by_paper if paper is None else {paper: self.by_paper.get(paper, [])}
        entries = [entry.row["verdict"] for entries in papers.values() for entry in entries]
        return {verdict: entries.count(verdict) for verdict in VERDICTS}

    def choices(self, papers: Sequence[Paper]) -> dict[str, dict[str, str]]:
        """What claims can be chosen by: the values of each key that there are, and what the page calls them."""
        rows = [entry.row for entries in self.by_paper.values() for entry in entries]
        titles = {paper.id: paper.short for paper in papers}
        return {
            "paper": {paper: titles.get(paper, paper) for paper in self.by_paper},
            "verdict": {verdict: verdict for verdict, count in self.counts().items() if count},
            "kind": {kind: kind for kind in sorted({row["kind"] for row in rows if row.get("kind")})},
        }

    def of_figure(self, name: str) -> list[Entry]:
        """The claims that are read from a figure."""
        return [entry for entries in self.by_paper.values() for entry in entries if entry.row["figure"] == name]


def read(path: Path) -> Verdicts:
    """Read claims.csv and the table by setting next to it.

    Raises:
        InputError: if one is not a table of verdicts, or a claim has not one row over all runs.
    """
    table = read_verdicts(path)
    by_paper: dict[str, list[Entry]] = {}
    for _, rows in table.astype(object).where(table.notna(), None).groupby("id", sort=False):
        records = [dict(zip(map(str, rows), values, strict=True)) for values in rows.to_numpy()]
        overall = [r for r in records if (r["architecture"], r["target"]) == (ALL, ALL)]
        if len(overall) != 1:
            raise InputError(f"{path}: claim {records[0]['id']} has {len(overall)} overall rows, not one")
        cells = [r for r in records if r not in overall]
        by_paper.setdefault(str(overall[0]["paper"]), []).append(Entry(overall[0], cells))
    return Verdicts(by_paper)
