"""The rules that score source classes by their costs to target classes; a new one is a module and a line of `RULES`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from whypretrain.runtime.loading import load
from whypretrain.runtime.registry import Registry

if TYPE_CHECKING:
    import numpy as np

    from whypretrain.selection._newton import Certificate


@dataclass(frozen=True)
class Settings:
    """What rules depend on: temperature and tau in units of it (uot), k (partial_ot), seed (random)."""

    temperature: float
    tau_source: float
    tau_target: float
    k: int
    seed: int


@dataclass(frozen=True)
class Scores:
    """One score a source class, larger is better; `mass` says whether scores are shares of a mass."""

    score: np.ndarray
    mass: bool = False
    certificate: Certificate | None = None


@dataclass(frozen=True)
class Rule:
    """A function (cost (n, m), settings) -> scores, loaded when first called.

    Attributes:
        place: module and name of the function, below this package.
        tempered: whether the scores depend on the temperature, so that it can be chosen automatically.
        chooses_all: whether every class is chosen, whatever `k`.
        blind: whether the scores do not depend on the features.
    """

    place: str
    tempered: bool = False
    chooses_all: bool = False
    blind: bool = False

    def __call__(self, cost: np.ndarray, settings: Settings) -> Scores:
        found: Scores = load(f"{__name__}.{self.place}")(cost, settings)
        return found


RULES: Registry[Rule] = {
    "uot": Rule("entropic.unbalanced", tempered=True),
    "vote": Rule("entropic.vote", tempered=True),
    "nearest": Rule("plain.nearest"),
    "round_robin": Rule("plain.round_robin"),
    "mean": Rule("plain.mean"),
    "balanced_ot": Rule("exact.balanced"),
    "partial_ot": Rule("exact.partial"),
    "random": Rule("plain.random", blind=True),
    "all": Rule("plain.every", chooses_all=True, blind=True),
}


def rankings(rules: Iterable[str], centre: bool | Literal["both"]) -> dict[str, tuple[str, bool]]:
    """What is ranked, by the name that tables and methods call it: a rule, and whether on centred features.

    >>> rankings(["uot", "random"], "both")
    {'uot': ('uot', False), 'random': ('random', False), 'uot_centred': ('uot', True)}
    """
    if centre != "both":
        return {rule: (rule, centre) for rule in rules}
    twice = [rule for rule in rules if not RULES[rule].blind]
    return {**rankings(rules, False), **{f"{rule}_centred": (rule, True) for rule in twice}}
