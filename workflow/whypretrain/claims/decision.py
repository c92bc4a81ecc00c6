"""From claims and tables to verdicts: a row a claim over all runs, and one for each architecture and target.

A claim is decided when every bound of its expected range is excluded as the true value, at the wanted
confidence and after Holm's correction over the claims of the same paper and scope. It is then *supported* if
the estimate lies within the range and *contradicted* if it does not; else *inconclusive*. A claim that its
control undermines is at most inconclusive. Where no rows of the experiment fit, it is *not testable here*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd

from whypretrain.claims.claim import EXCEEDED, Claim, Measure, Range, Rule
from whypretrain.claims.runs import RUN, estimate_runs, estimate_samples, keyed, run_values, sample_sums
from whypretrain.errors import InputError
from whypretrain.statistics import Estimate, holm

SUPPORTED, CONTRADICTED = "supported", "contradicted"
INCONCLUSIVE, NOT_TESTABLE = "inconclusive", "not testable here"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE)
ALL = "all"  # architecture and target of a row over all runs

Tables = Mapping[str, pd.DataFrame]

_Indexed = TypeVar("_Indexed", pd.Series, pd.DataFrame)
_NONE = pd.Series(dtype=np.float64, index=pd.MultiIndex.from_arrays([[], [], []], names=RUN))


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
    by_name = {name: keyed(table, name) for name, table in tables.items()}
    rows = [row for claim in claims for row in _rows(claim, by_name, settings)]
    _correct(rows)
    return pd.DataFrame([_record(row, rule, confidence) for row in rows])


def _rows(claim: Claim, tables: Tables, settings: _Settings) -> list[_Row]:
    """The row over all runs and, where there are several, those of each architecture and target."""
    measure = claim.measure
    try:
        values = _values(measure, tables)
        baseline = _values(claim.control.measure, tables) if claim.control else _NONE
    except InputError as error:
        raise InputError(f"claim {claim.id}: {error}; mend it in claims.yaml") from error
    if not values.notna().any():
        there = "no rows of this experiment fit the claim, or too few to define it"
        return [
            _Row(claim, ALL, ALL, notes=[there if measure.table in tables else f"no table '{measure.table}'"])
        ]
    sampled = measure.sampled and "sample" in tables[measure.table]
    sums = sample_sums(measure, tables[measure.table]) if sampled else None
    index = values.dropna().index
    cells = sorted(set(zip(*map(index.get_level_values, ("architecture", "target")), strict=True)))
    rows = [_Row(claim, *cell) for cell in [(ALL, ALL), *(cells if len(cells) > 1 else [])]]
    for row in rows:
        _estimate(row, _within(row, values), None if sums is None else _within(row, sums), settings)
        _hold_against_control(row, _within(row, values), _within(row, baseline), settings.confidence)
    return rows


def _values(measure: Measure, tables: Tables) -> pd.Series:
    """One value a run; none without the table."""
    table = tables.get(measure.table)
    return _NONE if table is None or table.empty else run_values(measure, table)


def _within(row: _Row, values: _Indexed) -> _Indexed:
    """The values of the row's scope."""
    if row.architecture == ALL:
        return values
    architecture, target = (values.index.get_level_values(name) for name in ("architecture", "target"))
    return values[(architecture == row.architecture) & (target == row.target)]


def _estimate(row: _Row, values: pd.Series, sums: pd.DataFrame | None, settings: _Settings) -> None:
    known = values.dropna()
    row.n_seeds = known.index.get_level_values("seed").nunique()
    if undefined := len(values) - len(known):
        row.notes.append(f"not defined in {undefined} of {len(values)} runs")
    if sums is None:
        row.estimate = estimate_runs(known, pool=row.claim.measure.pool)
    else:
        row.estimate = estimate_samples(sums, resamples=settings.resamples, seed=settings.seed)
        row.n_samples = len(sums.groupby(["target", "sample"]))


def _hold_against_control(row: _Row, values: pd.Series, baseline: pd.Series, confidence: float) -> None:
    """Set the control's estimate and whether it undermines the claim."""
    control = row.claim.control
    if control is None:
        return
    if not baseline.notna().any():
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
