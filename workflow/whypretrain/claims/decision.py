"""From claims and tables to verdicts: a row a claim over all runs, and one for each architecture and target.

A claim is decided when every bound of its expected range is excluded as the true value, at the wanted
confidence and after Holm's correction over the claims of the same paper and scope. It is then *supported* if
the estimate lies within the range and *contradicted* if it does not; else *inconclusive*. A claim that its
control undermines is at most inconclusive. Where no rows of the experiment fit, it is *not testable here*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from whypretrain.claims.claim import EXCEEDED, Claim, Measure, Range, Rule
from whypretrain.claims.runs import estimate_runs, estimate_samples, keyed, run_values, sample_sums
from whypretrain.errors import InputError
from whypretrain.statistics import Estimate, holm

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INCONCLUSIVE, NOT_TESTABLE = "inconclusive", "not testable here"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE)
ALL = "all"  # architecture and target of a row over all runs

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class _Settings:
    confidence: float
    resamples: int
    seed: int


@dataclass
class _Row:
    """One claim in one scope, on its way to a verdict."""

    claim: Claim
    architecture: str
    target: str
    estimate: Estimate = field(default_factory=lambda: Estimate(np.nan, np.nan, 0.0, 0))
    control: float = np.nan
    undermined: bool = False
    n_seeds: int = 0
    n_samples: int | None = None
    p_adjusted: float = np.nan
    notes: list[str] = field(default_factory=list)

    @property
    def testable(self) -> bool:
        return bool(np.isfinite(self.estimate.value))

    @property
    def p_value(self) -> float:
        """P-value of the likeliest bound of the range; NaN keeps an untestable claim out of the family."""
        return max(map(self.estimate.p_value, self.claim.expected.bounds)) if self.testable else np.nan


def decide(
    claims: Sequence[Claim],
    tables: Tables,
    rule: Rule,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """The table of verdicts.

    Arguments:
        tables: by the names that the claims use; a table that is not there makes its claims not testable.
        confidence: of the intervals and, over a family of claims together, of the verdicts.
        resamples, seed: of the hierarchical bootstrap.

    Returns:
        Columns id, paper, claim, where, architecture, target (`all` for a row over all runs), statistic,
        estimate, low, high (not corrected), expected, p_adjusted (Holm), published, control,
        control_estimate, n_seeds, n_runs, n_samples, verdict, figure, note.

    Raises:
        InputError: naming the claim whose measure does not fit its table, or a table without runs.
    """
    settings = _Settings(confidence, resamples, seed)
    scopes = _scopes({name: keyed(table, name) for name, table in tables.items()})
    rows = [row for claim in claims for row in _rows(claim, scopes, settings)]
    _correct(rows)
    return pd.DataFrame([_record(row, rule, confidence) for row in rows])


def _scopes(tables: Tables) -> dict[tuple[str, str], Tables]:
    """The tables over all runs and, where there are several, those of each architecture and target."""
    cells: set[tuple[str, str]] = set()
    for table in tables.values():
        cells |= set(zip(table["architecture"], table["target"], strict=True))
    scopes = {(ALL, ALL): tables}
    for architecture, target in sorted(cells) if len(cells) > 1 else []:
        scopes[architecture, target] = {
            name: table[(table["architecture"] == architecture) & (table["target"] == target)]
            for name, table in tables.items()
        }
    return scopes


def _rows(claim: Claim, scopes: Mapping[tuple[str, str], Tables], settings: _Settings) -> list[_Row]:
    """The overall row first, then those of the cells that the claim can be tested in."""
    try:
        overall, *cells = [_row(claim, scope, tables, settings) for scope, tables in scopes.items()]
    except InputError as error:
        raise InputError(f"claim {claim.id}: {error}; mend it in claims.yaml") from error
    return [overall, *(row for row in cells if row.testable)]


def _row(claim: Claim, scope: tuple[str, str], tables: Tables, settings: _Settings) -> _Row:
    row, measure = _Row(claim, *scope), claim.measure
    values = _values(measure, tables)
    known = values.dropna()
    if known.empty:
        there = measure.table in tables
        row.notes.append(
            "no rows of this experiment fit the claim" if there else f"no table '{measure.table}'"
        )
        return row
    row.n_seeds = known.index.get_level_values("seed").nunique()
    if undefined := len(values) - len(known):
        row.notes.append(f"not defined in {undefined} of {len(values)} runs")
    if measure.sampled and "sample" in tables[measure.table]:
        sums = sample_sums(measure, tables[measure.table])
        row.estimate = estimate_samples(sums, resamples=settings.resamples, seed=settings.seed)
        row.n_samples = len(sums.groupby(["target", "sample"]))
    else:
        row.estimate = estimate_runs(known, pool=measure.pool)
    _hold_against_control(row, known, tables, settings.confidence)
    return row


def _values(measure: Measure, tables: Tables) -> pd.Series:
    """One value a run; none without the table."""
    table = tables.get(measure.table)
    return pd.Series(dtype=np.float64) if table is None or table.empty else run_values(measure, table)


def _hold_against_control(row: _Row, values: pd.Series, tables: Tables, confidence: float) -> None:
    """Set the control's estimate and whether it undermines the claim."""
    control = row.claim.control
    if control is None:
        return
    baseline = _values(control.measure, tables).dropna()
    if baseline.empty:
        row.notes.append("its control was not run")
        return
    shown = estimate_runs(baseline, pool=control.measure.pool).interval(confidence)
    row.control = shown.estimate
    wanted = control.must
    if wanted == EXCEEDED:
        beyond = (values - baseline).dropna() * row.claim.expected.sign
        shown, wanted = estimate_runs(beyond, pool="mean").interval(confidence), Range("> 0", 0.0, np.inf)
    row.undermined = isinstance(wanted, Range) and not wanted.contains(shown.low, shown.high)


def _correct(rows: list[_Row]) -> None:
    """Holm's correction within each family: the claims of one paper in one scope."""
    families: dict[tuple[str, str, str], list[_Row]] = {}
    for row in rows:
        families.setdefault((row.claim.paper, row.architecture, row.target), []).append(row)
    for family in families.values():
        for row, p_value in zip(family, holm([row.p_value for row in family]), strict=True):
            row.p_adjusted = float(p_value)


def _verdict(row: _Row, rule: Rule, alpha: float) -> tuple[str, str]:
    """The verdict and what it hangs on."""
    if not row.testable:
        return NOT_TESTABLE, f"needs {row.claim.needs}" if row.claim.needs else ""
    if row.n_seeds < rule.minimum_seeds:
        return INCONCLUSIVE, f"{row.n_seeds} of the {rule.minimum_seeds} seeds that a verdict takes"
    if row.p_adjusted >= alpha:
        alone = row.p_value < alpha
        return INCONCLUSIVE, "decided only before the correction for the number of claims" if alone else ""
    if not row.claim.expected.contains(row.estimate.value):
        return CONTRADICTED, ""
    if row.undermined:
        return INCONCLUSIVE, "as expected, but no more than its control explains"
    return SUPPORTED, ""


def _record(row: _Row, rule: Rule, confidence: float) -> dict[str, object]:
    claim, interval = row.claim, row.estimate.interval(confidence)
    verdict, reason = _verdict(row, rule, 1 - confidence)
    return {
        "id": claim.id,
        "paper": claim.paper,
        "claim": claim.claim,
        "where": claim.where,
        "architecture": row.architecture,
        "target": row.target,
        "statistic": claim.measure.text,
        "estimate": interval.estimate,
        "low": interval.low,
        "high": interval.high,
        "expected": claim.expected.text,
        "p_adjusted": row.p_adjusted,
        "published": claim.published,
        "control": "" if claim.control is None else claim.control.text,
        "control_estimate": row.control,
        "n_seeds": row.n_seeds,
        "n_runs": row.estimate.runs,
        "n_samples": row.n_samples,
        "verdict": verdict,
        "figure": claim.figure,
        "note": "; ".join(note for note in [*row.notes, reason, claim.note if row.testable else ""] if note),
    }
