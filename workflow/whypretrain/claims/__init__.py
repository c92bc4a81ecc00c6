"""Verdicts on the papers' claims, computed from the experiment's tables by the rules of `claims.yaml`."""

from whypretrain.claims.claim import Claim, Control, Measure, Range, Rule, load
from whypretrain.claims.decision import (
    ALL,
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_TESTABLE,
    SUPPORTED,
    VERDICTS,
    decide,
)
from whypretrain.claims.statistics import STATISTICS, Statistic

__all__ = [
    "ALL",
    "CONTRADICTED",
    "INCONCLUSIVE",
    "NOT_TESTABLE",
    "STATISTICS",
    "SUPPORTED",
    "VERDICTS",
    "Claim",
    "Control",
    "Measure",
    "Range",
    "Rule",
    "Statistic",
    "decide",
    "load",
]
