"""The layer metrics of the study of arXiv:2307.06006 and their controls, as columns of layers.csv."""

from __future__ import annotations

import numpy as np

from whypretrain.invariances import metrics
from whypretrain.invariances.comparison import Pair, own_blocks, permuted_chance

Columns = dict[str, np.ndarray]


def stir(pair: Pair) -> Columns:
    """STIR of the tuned model given the pre-trained and back, self values, and what was forgotten and learned.

    forgetting and learning have self values of 1, as published; the corrected ones have the measured ones, self_pre and
    self_tuned.
    """
    forth, back, self_pre, self_tuned = (stirs.diagonal() for stirs in (pair.forth, pair.back, pair.null, pair.own))
    return {
        "forgetting": metrics.forgetting(forth),
        "learning": metrics.learning(back),
        "corrected_forgetting": metrics.forgetting(forth, self_value=self_pre),
        "corrected_learning": metrics.learning(back, self_value=self_tuned),
        "stir_tuned_given_pre": forth,
        "stir_pre_given_tuned": back,
        "self_pre": self_pre,
        "self_tuned": self_tuned,
    }


def cka(pair: Pair) -> Columns:
    """CKA divergence on the images themselves, and with the pre-trained model's images permuted: its largest value."""
    found = pair.cka(pair.tuned.clean, pair.pre.clean)
    chance = permuted_chance(pair.tuned.clean, pair.pre.clean, pair.estimator)
    return {"cka_divergence": metrics.cka_divergence(found), "cka_permuted": metrics.cka_divergence(chance)}


def chance(pair: Pair) -> Columns:
    """STIR of controls: inversions replaced by the noise they began as (seed_level), or permuted (permuted).

    Those named _learning are of the pre-trained model on what the tuned one was inverted to.
    """
    return {
        "seed_level": pair.cka(pair.tuned.clean, pair.tuned_on_noise),
        "permuted": pair.permuted,
        "seed_level_learning": pair.cka(pair.pre.clean, pair.pre_on_noise),
        "permuted_learning": permuted_chance(pair.pre.clean, own_blocks(pair.pre_on_tuned), pair.estimator),
    }


def residual(pair: Pair) -> Columns:
    """Mean relative losses of the inversions, and the shares of them above 1: worse than features of zero."""
    found = {}
    for name, subject in (("pre", pair.pre), ("tuned", pair.tuned)):
        losses = [inversion.residual for inversion in subject.inversions]
        found[f"residual_{name}"] = np.array([float(loss.mean()) for loss in losses])
        found[f"useless_{name}"] = np.array([float((loss > 1).double().mean()) for loss in losses])
    return found


def scaled(pair: Pair) -> Columns:
    """Forgetting between the measured self value and chance, see `metrics.scaled`."""
    forth, self_pre = pair.forth.diagonal(), pair.null.diagonal()
    return {"scaled_forgetting": metrics.scaled(forth, self_value=self_pre, permuted=pair.permuted)}
