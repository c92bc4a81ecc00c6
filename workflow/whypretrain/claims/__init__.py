"""Verdicts on the papers' claims, computed from the experiment's tables by the rules of `claims.yaml`."""

from whypretrain.claims.across import MEASURES, side_by_side
from whypretrain.claims.claim import Claim, Control, Measure, Range, Rule, load
from whypretrain.claims.comparison import Change, Comparison, compare
from whypretrain.claims.decision import (
    ALL,
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTABLE,
    SUPPORTED,
    VERDICTS,
    decide,
)
from whypretrain.claims.headline import headline
from whypretrain.claims.statistics import STATISTICS, Statistic
from whypretrain.claims.tables import read_verdicts, write_verdicts

__all__ = [
    "ALL",
    "CONTRADICTED",
    "INCONCLUSIVE",
    "MEASURES",
    "NOT_TESTABLE",
    "STATISTICS",
    "SUPPORTED",
    "VERDICTS",
    "Change",
    "Claim",
    "Comparison",
    "Control",
    "Measure",
    "Range",
    "Rule",
    "Statistic",
    "compare",
    "decide",
    "headline",
    "load",
    "read_verdicts",
    "side_by_side",
    "write_verdicts",
]
