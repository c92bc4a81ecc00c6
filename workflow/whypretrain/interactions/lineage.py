"""The AND-OR recipe of the method's authors: stochastic-gradient steps with a decaying rate, kept to compare
with.

Settings as in the code published with arXiv 2305.01939 (ICML 2023): 10,000 steps of momentum 0.9 from zero,
learning rate 1e-5 that decays tenfold over the run, the error clipped to its bound after each step. It
carries no certificate; larger rates diverge and smaller ones stop far from the optimum.
"""

from __future__ import annotations

import numpy as np

from whypretrain.interactions import atoms
from whypretrain.interactions.interior import Split
from whypretrain.interactions.transforms import moebius, or_interactions, or_reconstruct


def sparsest(
    v: np.ndarray, kappa: float, *, steps: int = 10_000, learning_rate: float = 1e-5, momentum: float = 0.9
) -> Split:
    """The split of one game (2^n,) after `steps` of subgradient descent on the sum of all |effects|."""
    unknowns, velocity = (
        np.zeros((2, v.size)),
        np.zeros((2, v.size)),
    )  # half the difference v_and - v_or; error
    for step in range(steps):
        half = (v - unknowns[1]) / 2
        and_signs = np.sign(moebius(half + unknowns[0]))
        or_signs = np.sign(or_interactions(half - unknowns[0]))
        by_and, by_or = _moebius_adjoint(and_signs), _or_adjoint(or_signs)
        gradient = np.stack([by_and - by_or, -(by_and + by_or) / 2])
        velocity = momentum * velocity + gradient
        unknowns = unknowns - learning_rate * 0.1 ** (step / steps) * velocity
        unknowns[1] = np.clip(unknowns[1], -kappa, kappa)
    half = (v - unknowns[1]) / 2
    or_ = or_interactions(half - unknowns[0]) * atoms.used(v.size.bit_length() - 1)[1]
    return Split(np.stack([moebius(v - unknowns[1] - or_reconstruct(or_)), or_]), unknowns[1], np.nan)


def _moebius_adjoint(values: np.ndarray) -> np.ndarray:
    return moebius(values[::-1])[::-1]


def _or_adjoint(values: np.ndarray) -> np.ndarray:
    """Adjoint of `or_interactions`: minus the Moebius adjoint, reversed, and the empty set's effect by
    itself.
    """
    nonempty = values.copy()
    nonempty[0] = 0.0
    found = -_moebius_adjoint(nonempty)[::-1]
    found[0] += values[0]
    return found
