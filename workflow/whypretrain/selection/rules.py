"""Rules that score source classes by their costs to target classes: unbalanced transport and its rivals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whypretrain.seeds import generator
from whypretrain.selection._newton import Certificate
from whypretrain.selection.transport import unbalanced_ot


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


def _uot(cost: np.ndarray, settings: Settings) -> Scores:
    """Row mass of the unbalanced plan, epsilon = temperature and tau in units of it (arXiv:2111.12292)."""
    found = unbalanced_ot(
        cost,
        epsilon=settings.temperature,
        tau_source=settings.tau_source * settings.temperature,
        tau_target=settings.tau_target * settings.temperature,
    )
    certificate = Certificate(found.iterations, found.relative_gap, found.residual)
    return Scores(found.row_mass, mass=True, certificate=certificate)


def _vote(cost: np.ndarray, settings: Settings) -> Scores:
    """Every target class spreads one vote by softmax: `uot` at tau_source 0 and tau_target infinity."""
    logits = cost / -settings.temperature
    share = np.exp(logits - logits.max(axis=0))
    return Scores((share / share.sum(axis=0)).sum(axis=1), mass=True)


def _nearest(cost: np.ndarray, settings: Settings) -> Scores:
    """Closeness to the nearest target class."""
    return Scores(-cost.min(axis=1))


def _mean(cost: np.ndarray, settings: Settings) -> Scores:
    """Mean closeness to all target classes."""
    return Scores(-cost.mean(axis=1))


def _round_robin(cost: np.ndarray, settings: Settings) -> Scores:
    """Target classes take turns, by index, to name their nearest, second nearest, ... source class."""
    turns = np.argsort(cost, axis=0, kind="stable").ravel()
    _, first = np.unique(turns, return_index=True)
    return Scores(-np.argsort(np.argsort(first)).astype(np.float64))


def _balanced_ot(cost: np.ndarray, settings: Settings) -> Scores:
    """Mean cost at which exact balanced transport sends a class: its row mass is the same for all."""
    from whypretrain.selection.exact import exact_transport

    n, m = cost.shape
    found = exact_transport(cost, np.full(n, 1 / n), np.full(m, 1 / m))
    return Scores(
        -n * np.asarray(found.plan.multiply(cost).sum(axis=1)).ravel(), certificate=found.certificate
    )


def _partial_ot(cost: np.ndarray, settings: Settings) -> Scores:
    """Row mass of exact partial transport of k classes' worth of mass."""
    from whypretrain.selection.exact import exact_transport

    n, m = cost.shape
    found = exact_transport(cost, np.full(n, 1 / n), np.full(m, 1 / m), mass=settings.k / n)
    return Scores(np.asarray(found.plan.sum(axis=1)).ravel(), mass=True, certificate=found.certificate)


def _random(cost: np.ndarray, settings: Settings) -> Scores:
    """A random order."""
    return Scores(generator(settings.seed, "random classes").random(len(cost)))


def _all(cost: np.ndarray, settings: Settings) -> Scores:
    """Every class alike."""
    return Scores(np.ones(len(cost)))


RULES: dict[str, Callable[[np.ndarray, Settings], Scores]] = {
    "uot": _uot,
    "vote": _vote,
    "nearest": _nearest,
    "round_robin": _round_robin,
    "mean": _mean,
    "balanced_ot": _balanced_ot,
    "partial_ot": _partial_ot,
    "random": _random,
    "all": _all,
}
