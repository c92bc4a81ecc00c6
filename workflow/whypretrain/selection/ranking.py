"""Ranking source classes for a target, with the diagnostics that show a bad setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from whypretrain.errors import InputError
from whypretrain.selection._checks import check_dimensions, check_features, check_one_of, check_positive, check_weights
from whypretrain.selection._cosine import centred, cosine_cost
from whypretrain.selection._newton import Certificate
from whypretrain.selection.rules import RULES, Scores, Settings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Ranking:
    """Source classes, best first, and how clear the choice of the first k is.

    `order` holds class indices, `score` one score a class (row mass for `uot`). `effective_classes` is
    (sum r)^2 / sum r^2 of the masses r, `mass_top_k` the share of the mass in the first k; both are None for
    rules whose scores are not masses. `gap_at_k` is the difference of the k-th and the next score over the
    k-th's size: where it is tiny, the k-th choice is arbitrary; None where all classes are chosen.
    """

    rule: str
    order: np.ndarray  # (n,)
    score: np.ndarray  # (n,)
    k: int
    temperature: float
    effective_classes: float | None
    mass_top_k: float | None
    gap_at_k: float | None
    certificate: Certificate | None

    @property
    def selected(self) -> np.ndarray:
        """Indices of the k chosen classes, best first; all classes where the rule chooses all."""
        return self.order if RULES[self.rule].chooses_all else self.order[: self.k]

    def table(self, classes: Sequence[str], concepts: Sequence[str]) -> pd.DataFrame:
        """One row a class, best first: rule, rank (from 1), class_index, class_name, concept, score, selected."""
        import pandas as pd

        return pd.DataFrame(
            {
                "rule": self.rule,
                "rank": np.arange(1, len(self.order) + 1),
                "class_index": self.order,
                "class_name": np.asarray(classes, dtype=object)[self.order],
                "concept": np.asarray(concepts, dtype=object)[self.order],
                "score": self.score[self.order],
                "selected": np.isin(self.order, self.selected),
            }
        )

    def diagnostics(self) -> dict[str, Any]:
        """How clear the choice is, as plain values."""
        return {
            "selected": self.selected.tolist(),
            "classes": self.k,
            "temperature": self.temperature,
            "effective_classes": self.effective_classes,
            "mass_top_k": self.mass_top_k,
            "gap_at_k": self.gap_at_k,
            "certificate": asdict(self.certificate) if self.certificate else None,
        }


def rank_classes(
    source_means: np.ndarray,
    target_means: np.ndarray,
    *,
    rule: str = "uot",
    temperature: float | Literal["auto"] = 0.1,
    tau_source: float = 1.0,
    tau_target: float = 100.0,
    k: int | None = None,
    seed: int = 0,
    centre: bool = False,
    source_names: Sequence[str] | None = None,
    target_names: Sequence[str] | None = None,
) -> Ranking:
    """Rank source classes by what they are worth to a target, from the mean features of the classes.

    The cost is 1 - cosine similarity of class means. `uot` solves unbalanced transport of ones to ones with
    epsilon = temperature and tau = tau_source, tau_target times the temperature, and ranks by row mass. Equal
    scores are ordered by class index.

    Args:
        source_means: means of the features of each source class, (n, d), not normalised.
        target_means: the same for the target, (m, d).
        rule: one of `RULES`.
        temperature: in units of the cost (0.1 in the paper), or `auto`: where the effective number of classes
            is 2 k, or the nearest that can be reached.
        tau_source: weight of the source marginal, in units of the temperature.
        tau_target: weight of the target marginal, in units of the temperature.
        k: how many classes are to be chosen; 100, or all where there are fewer.
        seed: seed of the rule `random`.
        centre: subtract the unweighted mean of the source means from all means first; ours, not the paper's.
        source_names: names that errors call the source classes by.
        target_names: the same for the target.

    Raises:
        InputError: for broken features (naming the class), unknown rules, bad settings, or k above n.

    Source: arXiv:2111.12292 (method), its authors' code (settings).

    >>> rank_classes(np.eye(3), np.eye(3)[2:], k=1).order
    array([2, 0, 1])
    """
    source = check_features(source_means, "source class", source_names)
    target = check_features(target_means, "target class", target_names)
    check_dimensions(source, target)
    if centre:
        source, target = centred(source, target)
        check_features(source, "centred source class", source_names)
        check_features(target, "centred target class", target_names)
    k = checked_k(k, len(source))
    check_one_of("rule", rule, tuple(RULES))
    check_weights(tau_source=tau_source, tau_target=tau_target)
    cost = cosine_cost(source, target)
    settings = Settings(0.1 if temperature == "auto" else temperature, tau_source, tau_target, k, seed)
    check_positive(temperature=settings.temperature)
    if temperature == "auto":
        settings = replace(settings, temperature=automatic_temperature(cost, rule, settings))
    return rank_costs(cost, rule, settings)


def checked_k(k: int | None, classes: int) -> int:
    """How many to choose of `classes`: 100, or all where there are fewer, unless `k` says."""
    if k is None:
        return min(100, classes)
    if not 1 <= k <= classes:
        raise InputError(f"k is {k} but there are {classes} source classes: choose between 1 and {classes}")
    return k


def rank_costs(cost: np.ndarray, rule: str, settings: Settings) -> Ranking:
    """Rank from a cost matrix (n, m): the part of `rank_classes` behind its checks."""
    return rank_scores(RULES[rule](cost, settings), rule, settings)


def rank_scores(scores: Scores, rule: str, settings: Settings) -> Ranking:
    """Order the scores and diagnose the choice of the first k."""
    order = np.argsort(-_rounded(scores.score), kind="stable")
    effective, share = _mass_diagnostics(scores, order, settings.k)
    return Ranking(
        rule=rule,
        order=order,
        score=scores.score,
        k=settings.k,
        temperature=settings.temperature,
        effective_classes=effective,
        mass_top_k=share,
        gap_at_k=_gap(scores.score[order], settings.k),
        certificate=scores.certificate,
    )


def _rounded(score: np.ndarray) -> np.ndarray:
    """Twelve digits of each score: equal classes must tie whatever the order in which their sums were rounded."""
    mantissa, exponent = np.frexp(score)
    return np.ldexp(np.round(mantissa, 12), exponent)


def _mass_diagnostics(scores: Scores, order: np.ndarray, k: int) -> tuple[float | None, float | None]:
    if not scores.mass:
        return None, None
    mass = scores.score / scores.score.sum()
    return float(1 / (mass @ mass)), float(mass[order[:k]].sum())


def _gap(ordered: np.ndarray, k: int) -> float | None:
    if k == len(ordered):
        return None
    last, following = ordered[k - 1], ordered[k]
    return float((last - following) / (abs(last) or 1.0))


_COLDEST, _HOTTEST = 1e-3, 10.0  # temperatures between which the automatic one is sought
_WANTED = 2.0  # effective classes per selected class, the middle of the range from one to three
_NEAR = 0.02  # how near, in the logarithm of the effective number, is near enough


def automatic_temperature(cost: np.ndarray, rule: str, settings: Settings) -> float:
    """The temperature at which `rule` spreads its mass over twice as many effective classes as are chosen.

    Halves the interval of log temperatures; the effective number grows with the temperature. Where it cannot
    be reached, the nearer end of the range [0.001, 10] is returned.

    Raises:
        InputError: if the rule has no temperature.
    """
    if not RULES[rule].tempered:
        raise InputError(f"rule {rule} has no temperature: give a number instead of auto")
    wanted = np.log(min(_WANTED * settings.k, (settings.k + len(cost)) / 2))
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(20):
        middle = (low + high) / 2
        found = rank_costs(cost, rule, replace(settings, temperature=float(np.exp(middle))))
        excess = np.log(found.effective_classes or 1.0) - wanted
        if abs(excess) < _NEAR:
            break
        low, high = (middle, high) if excess < 0 else (low, middle)
    return float(np.exp(middle))
