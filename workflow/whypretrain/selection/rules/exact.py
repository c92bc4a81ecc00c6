"""Exact transport, balanced and partial."""

from __future__ import annotations

import numpy as np

from whypretrain.selection.exact import exact_transport
from whypretrain.selection.rules import Scores, Settings


def balanced(cost: np.ndarray, settings: Settings) -> Scores:
    """Mean cost at which exact balanced transport sends a class: its row mass is the same for all."""
    n, m = cost.shape
    found = exact_transport(cost, np.full(n, 1 / n), np.full(m, 1 / m))
    costs = np.asarray(found.plan.multiply(cost).sum(axis=1)).ravel()
    return Scores(-n * costs, certificate=found.certificate)


def partial(cost: np.ndarray, settings: Settings) -> Scores:
    """Row mass of exact partial transport of k classes' worth of mass."""
    n, m = cost.shape
    found = exact_transport(cost, np.full(n, 1 / n), np.full(m, 1 / m), mass=settings.k / n)
    return Scores(np.asarray(found.plan.sum(axis=1)).ravel(), mass=True, certificate=found.certificate)
