"""Verdicts on the papers' claims, computed from the experiment's tables by the rules of `claims.yaml`.

Example: how far three runs are from their chance level, as a fraction of the way to the ceiling.
    >>> from whypretrain.claims import excess
    >>> found = excess(measured=[0.3, 0.4, 0.35], floor=[0.1, 0.1, 0.1], ceiling=[1.0, 1.0, 1.0])
    >>> f"{found.estimate:.2f} [{found.low:.2f}, {found.high:.2f}]"
    '0.28 [0.14, 0.42]'
"""

from whypretrain.claims.headline import headline as headline  # also the name of its module, which it must hide
from whypretrain.runtime.loading import lazily

_NAMES = {
    "across": ["MEASURES", "side_by_side"],
    "ahead": ["DECIDABLE", "by_seeds", "decidable"],
    "claim": ["Claim", "Control", "Measure", "Range", "Rule", "Scope"],
    "comparison": ["Change", "Comparison", "compare"],
    "decision": ["decide"],
    "estimators": ["STATISTICS", "Statistic"],
    "fieller": ["NO_SCALE", "excess"],
    "reading": ["load"],
    "scale": ["Scale", "load_scales", "scale_runs", "scale_table"],
    "tables": ["EARLIER", "read_verdicts", "write_verdicts"],
    "validity": ["responses", "summary"],
    "verdict": ["ALL", "FAILS", "HOLDS", "NOT_RUN", "OUTSIDE", "UNDECIDED", "VERDICTS"],
}
_MODULES = {name: f"claims.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted([*_MODULES, "headline"])

__getattr__ = lazily(__name__, _MODULES)
