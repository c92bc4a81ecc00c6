"""One claim in one scope, on its way from an estimate to a verdict.

A claim is decided when every bound of its expected range is excluded as the true value, at the wanted confidence and
after Holm's correction over the claims of the same family (by default the paper's) and scope. It then *holds here* if
the estimate lies within the range and *fails here* if it does not; else it is *undecided*. A claim that one of its
controls undermines is at most undecided. A published number measured elsewhere is *outside the paper's setting*: shown,
and not decided. An excess whose ceiling is not clearly above its floor is undecided: there is no scale. Where no rows
of the experiment fit, the claim was *not run*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from whypretrain.claims.claim import Claim, Range, Rule
from whypretrain.claims.fieller import NO_SCALE
from whypretrain.claims.power import Needed, needed
from whypretrain.statistics import Estimate, Interval, holm

HOLDS, FAILS, UNDECIDED = "holds here", "fails here", "undecided"
NOT_RUN, OUTSIDE = "not run", "outside the paper's setting"
VERDICTS = (HOLDS, FAILS, UNDECIDED, NOT_RUN, OUTSIDE)
ALL = "all"  # architecture and target of a row over all runs

_UNKNOWN = Estimate(np.nan, np.nan, 0.0, 0)


@dataclass
class Row:
    """One claim in one scope: all runs, or those of one architecture and target."""

    claim: Claim
    architecture: str
    target: str
    outside: bool = False  # a published number, and no run in its setting
    estimate: Estimate = _UNKNOWN
    unscaled: bool = False  # an excess whose ceiling is not clearly above its floor
    within: float = np.nan  # the part of the estimate's squared error that more samples would reduce
    control: float = np.nan
    held: list[tuple[Estimate, Range]] = field(default_factory=list)  # controls, and what each has to show
    n_seeds: int = 0
    n_samples: int | None = None
    family: int = 1  # by how many its level is divided in Holm's order
    p_adjusted: float = np.nan
    notes: list[str] = field(default_factory=list)

    @property
    def run(self) -> bool:
        return bool(np.isfinite(self.estimate.value))

    @property
    def p_value(self) -> float:
        """P-value of the likeliest bound of the range; NaN keeps what is not decided here out of the family."""
        counts = self.run and not self.outside and not self.unscaled
        return max(map(self.estimate.p_value, self.claim.expected.bounds)) if counts else np.nan

    def undermined(self, confidence: float) -> bool:
        """Whether a control does not show what it must."""
        shown = [(estimate.interval(confidence), wanted) for estimate, wanted in self.held]
        return any(not wanted.contains(interval.low, interval.high) for interval, wanted in shown)


def correct(rows: Sequence[Row]) -> None:
    """Holm's correction within each family in one scope: the claims of one paper that do not name another family."""
    families: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        families.setdefault((row.claim.family or row.claim.paper, row.architecture, row.target), []).append(row)
    for family in families.values():
        p_values = np.array([row.p_value for row in family])
        for row, p_value in zip(family, holm(p_values), strict=True):
            row.p_adjusted = float(p_value)
            row.family = max(1, int((p_values >= row.p_value).sum()))


def record(row: Row, rule: Rule, confidence: float) -> dict[str, object]:
    """The row of the table of verdicts."""
    claim, interval = row.claim, _shown(row, confidence)
    verdict, reason = _verdict(row, rule, confidence)
    more = _needed(row, rule, confidence) if verdict == UNDECIDED and not row.unscaled else Needed()
    notes = [*row.notes, reason, more.reason, claim.note if row.run else ""]
    return {
        "id": claim.id,
        "paper": claim.paper,
        "claim": claim.claim,
        "where": claim.where,
        "kind": claim.kind,
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
        "would_decide": more.text,
        "seeds_needed": more.seeds,
        "samples_needed": more.samples,
        "figure": claim.figure,
        "note": "; ".join(note for note in notes if note),
    }


def _shown(row: Row, confidence: float) -> Interval:
    """The estimate with its interval; no numbers where there is no scale."""
    return Interval(np.nan, np.nan, np.nan) if row.unscaled else row.estimate.interval(confidence)


def _verdict(row: Row, rule: Rule, confidence: float) -> tuple[str, str]:
    """The verdict and what it hangs on."""
    if row.unscaled:
        return UNDECIDED, NO_SCALE
    if not row.run:
        return NOT_RUN, ""
    if row.outside and row.claim.scope:
        return OUTSIDE, f"the number was published for {row.claim.scope.text}"
    if row.n_seeds < rule.minimum_seeds:
        return UNDECIDED, f"{row.n_seeds} of the {rule.minimum_seeds} seeds that a verdict takes"
    alpha = 1 - confidence
    if row.p_adjusted >= alpha:
        alone = row.p_value < alpha
        return UNDECIDED, "decided only before the correction for the number of claims" if alone else ""
    if not row.claim.expected.contains(row.estimate.value):
        return FAILS, ""
    if row.undermined(confidence):
        return UNDECIDED, "as expected, but no more than its control explains"
    return HOLDS, ""


def _needed(row: Row, rule: Rule, confidence: float) -> Needed:
    """What would decide the claim, with its controls where it is as expected."""
    held = row.held if row.claim.expected.contains(row.estimate.value) else []
    return needed(
        [
            (row.estimate, row.claim.expected, (1 - confidence) / row.family),
            *((estimate, wanted, 1 - confidence) for estimate, wanted in held),
        ],
        seeds=row.n_seeds,
        minimum=rule.minimum_seeds,
        samples=row.n_samples,
        within=row.within,
    )
