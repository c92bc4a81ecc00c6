"""Shares of mass under a temperature: unbalanced transport, and the vote that is its limit."""

from __future__ import annotations

import numpy as np

from whypretrain.selection._newton import Certificate
from whypretrain.selection.rules import Scores, Settings
from whypretrain.selection.transport import unbalanced_ot


def unbalanced(cost: np.ndarray, settings: Settings) -> Scores:
    """Row mass of the unbalanced plan, epsilon = temperature and tau in units of it (arXiv:2111.12292)."""
    found = unbalanced_ot(
        cost,
        epsilon=settings.temperature,
        tau_source=settings.tau_source * settings.temperature,
        tau_target=settings.tau_target * settings.temperature,
    )
    certificate = Certificate(found.iterations, found.relative_gap, found.residual)
    return Scores(found.row_mass, mass=True, certificate=certificate)


def vote(cost: np.ndarray, settings: Settings) -> Scores:
    """Every target class spreads one vote by softmax: `unbalanced` at tau_source 0 and tau_target infinity."""
    logits = cost / -settings.temperature
    share = np.exp(logits - logits.max(axis=0))
    return Scores((share / share.sum(axis=0)).sum(axis=1), mass=True)
