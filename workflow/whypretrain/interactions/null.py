"""Chance level of the shares of knowledge: effects of the second model, permuted among subsets of equal size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.knowledge import Rule, preserved_effects
from whypretrain.interactions.salience import require_normaliser, salient
from whypretrain.interactions.transforms import orders, players_of
from whypretrain.runtime.seeds import generator

AT_ONCE = 1 << 22  # effects that are permuted at a time


@dataclass(frozen=True)
class PermutationNull:
    """A share, and what it is when the second model's effects are permuted. Entry m-1 is order m; all orders last.

    Attributes:
        measured: the share, (n + 1,); NaN where there is nothing to share.
        draws: the share after each permutation, (permutations, n + 1).
    """

    measured: np.ndarray
    draws: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Chance level: the mean over permutations, (n + 1,)."""
        return self.draws.mean(axis=0)

    def bounds(self, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles between which the share lies by chance, each (n + 1,)."""
        tail = (1 - confidence) / 2
        low, high = np.quantile(self.draws, [tail, 1 - tail], axis=0)
        return low, high

    @property
    def p_value(self) -> np.ndarray:
        """Probability of a share as large as the measured one or larger by chance, (n + 1,); NaN without a share."""
        as_large = (self.draws >= self.measured * (1 - 1e-12)).sum(axis=0)
        found = (1 + as_large) / (1 + len(self.draws))
        return np.where(np.isnan(self.measured), np.nan, found)


def permutation_null(
    pretrained: np.ndarray,
    finetuned: np.ndarray,
    scratch: np.ndarray | None = None,
    *,
    threshold: float = 0.05,
    normalise: bool = True,
    rule: Rule = "effect",
    permutations: int = 100,
    seed: int = 0,
) -> PermutationNull:
    """Compare the preserved share, or the scratch ratio, with its chance level.

    In each sample the effects of one model are permuted at random among the subsets of equal size. That keeps
    their sizes, signs, order, salience and normaliser, and destroys which subset each is about. Without
    `scratch` the fine-tuned model's effects are permuted and the share is that of
    `split_knowledge(...).preserve_share()`; with it the scratch model's are, and the share is
    `scratch_ratio(...).total()`. The largest order has one subset, so permuting does not change its share.

    Chance is not 0: models agree in sign half the time, and min(|a|, |b|) grows with |b|, so that a network
    whose effects are large after normalising has much of any model's. A share says something where it is
    above its null. The mean of the null is that of unrelated models; its bounds and p-values take the effects
    of a model as independent of each other, which they are not: of unrelated random scores about one in five
    pairs lies outside the bounds of 95 %.

    Args:
        pretrained, finetuned, scratch: AND effects of the same samples and players, (S, 2^n) (see `moebius`).
        threshold, normalise, rule: as in `split_knowledge`.
        permutations: how often effects are permuted; no p-value is below 1 / (permutations + 1).
        seed: decides the permutations.

    Raises:
        InputError: as `split_knowledge`, or if there are leading axes or no permutations.

    Source: of the shares arXiv 2410.08455; the null is ours.

    >>> from whypretrain.interactions import moebius
    >>> effects = moebius(np.random.default_rng(0).normal(size=(20, 64)))
    >>> null = permutation_null(effects, effects)
    >>> float(null.measured[-1]), float(null.mean[-1].round(2)), float(null.p_value[-1].round(3))
    (1.0, 0.5, 0.01)
    """
    models = {"pre-trained": pretrained, "fine-tuned": finetuned}
    if scratch is not None:
        models["scratch"] = scratch
    for name, effects in models.items():
        if effects.ndim != 2 or effects.shape != pretrained.shape:
            raise InputError(
                f"{name}: effects have shape {effects.shape}, those of the pre-trained model {pretrained.shape}:"
                " give (samples, 2^n) of the same samples and players"
            )
        if normalise:
            require_normaliser(effects, name)
    first, second, *third = (salient(effects, threshold=threshold, normalise=normalise) for effects in models.values())
    if third:
        first, second = preserved_effects(first, second, rule=rule), third[0]
    return null_of_salient(first, second, rule=rule, permutations=permutations, seed=seed)


def null_of_salient(
    first: np.ndarray, second: np.ndarray, *, rule: Rule, permutations: int, seed: int
) -> PermutationNull:
    """`permutation_null` of the part of salient or preserved effects that `second` has; NaN stays NaN."""
    if permutations < 1:
        raise InputError(f"permutations {permutations}: give at least 1, e.g. 100")
    there = np.flatnonzero(first)  # what is not salient shares nothing, wherever it is permuted to
    mine, row, member = (
        first.ravel()[there],
        there // first.shape[-1],
        _members(players_of(first))[there % first.shape[-1]],
    )
    whole = np.abs(np.sign(mine) if rule == "count" else mine) @ member

    def shares(theirs: np.ndarray) -> np.ndarray:
        part = np.abs(preserved_effects(mine, theirs, rule=rule)) @ member
        return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)

    at_once = max(1, AT_ONCE // first.size)
    drawn = []
    for start in range(0, permutations, at_once):
        which = _permutations(players_of(first), len(first), min(at_once, permutations - start), seed, start)
        drawn.append(shares(second[row, which.reshape(len(which), -1)[:, there]]))
    return PermutationNull(shares(second[row, there % first.shape[-1]]), np.concatenate(drawn))


@lru_cache(maxsize=8)
def _members(n: int) -> np.ndarray:
    """Whether each coalition is of order 1..n, and of any of them, (2^n, n + 1)."""
    order = orders(n)[:, None]
    return np.concatenate([order == np.arange(1, n + 1), order > 0], axis=1).astype(np.float64)


@lru_cache(maxsize=2)
def _permutations(n: int, rows: int, draws: int, seed: int, start: int) -> np.ndarray:
    """For each draw and row the coalition whose effect each coalition gets, of its own size: (draws, rows, 2^n).

    Kept from call to call, since all models of a run are compared under the same permutations.
    """
    keys = generator(seed, "permutation null", start).random((draws, rows, 1 << n), dtype=np.float32)
    shuffled = np.argsort(orders(n) + keys, axis=-1)  # float64, so that no key is rounded up to the next order
    found = np.empty_like(shuffled)
    found[..., np.argsort(orders(n), kind="stable")] = shuffled
    found.flags.writeable = False
    return found
