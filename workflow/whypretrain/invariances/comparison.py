"""Two models compared block by block: the tables of the invariance study, with their controls.

Everything costly belongs to one model (its inversions, its Gram matrices) and is made once in `examine`; a
comparison adds forward passes only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from whypretrain import seeds
from whypretrain.errors import InputError
from whypretrain.invariances import metrics
from whypretrain.invariances.blocks import BlockModel, block_grams, invert_blocks, inverted_grams
from whypretrain.invariances.cka import cka_of_grams
from whypretrain.invariances.inversion import Inversion

ESTIMATORS = ("biased", "unbiased")

_PERMUTATIONS = 16


@dataclass(frozen=True)
class Subject:
    """A model with what all its comparisons share; Gram matrices are those of centred features, float64."""

    model: BlockModel
    inversions: list[Inversion]  # one a block
    clean: torch.Tensor  # (blocks, n, n) on the images themselves
    inverted: torch.Tensor  # (inverted blocks, tested blocks, n, n) on its own inversions
    batch_size: int | None

    def on(self, reference: Subject) -> torch.Tensor:
        """(inverted blocks, tested blocks, n, n): this model on the reference's inversions."""
        if len(reference.clean) != len(self.clean):
            raise InputError(
                f"models of {len(self.clean)} and {len(reference.clean)} blocks cannot be compared block by "
                "block; use one architecture"
            )
        return inverted_grams(self.model, reference.inversions, batch_size=self.batch_size)


def examine(
    model: BlockModel,
    images: torch.Tensor,
    *,
    steps: int,
    step_size: float,
    seed: int,
    decay: bool = False,
    batch_size: int | None = None,
) -> Subject:
    """Invert every block of a model and keep its Gram matrices. Arguments as `invert`."""
    inversions = invert_blocks(
        model, images, steps=steps, step_size=step_size, seed=seed, decay=decay, batch_size=batch_size
    )
    clean = block_grams(model, images, batch_size=batch_size)
    return Subject(
        model, inversions, clean, inverted_grams(model, inversions, batch_size=batch_size), batch_size
    )


def compare(pre: Subject, tuned: Subject) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables per block and per pair of blocks of two models examined on the same images and noise.

    The first, one row an estimator of CKA and block: layer (1-based), layer_name, estimator, forgetting,
    learning, cka_divergence (all with self values of 1, as published), corrected_forgetting, corrected_learning
    (with the measured self values), stir_tuned_given_pre, stir_pre_given_tuned, self_pre, self_tuned (measured
    self values), residual_pre, residual_tuned (mean relative losses of the inversions), useless_pre, useless_tuned
    (shares of the inversions whose relative loss is above 1: worse than features of zero). Controls: seed_level
    (tuned model, inversions replaced by the noise they began as), permuted (inversions dealt to other images),
    scaled_forgetting (see `metrics.scaled`), and seed_level_learning, permuted_learning, the same of the
    pre-trained model on what the tuned one was inverted to.

    The second, one row an estimator and pair: estimator, reference_layer (inverted), tested_layer, stir,
    null_stir (the pre-trained model in place of the tuned), flow, null_flow, excess.

    Raises:
        InputError: differing numbers of blocks, or fewer than 4 images.
    """
    tuned_on_pre, pre_on_tuned = tuned.on(pre), pre.on(tuned)
    noise = [
        block_grams(tested.model, reference.inversions[0].start, batch_size=tested.batch_size)
        for tested, reference in ((tuned, pre), (pre, tuned))
    ]
    layers, flows = [], []
    for estimator in ESTIMATORS:
        forth, back = _stirs(tuned.clean, tuned_on_pre, estimator), _stirs(pre.clean, pre_on_tuned, estimator)
        null, own = (_stirs(one.clean, one.inverted, estimator) for one in (pre, tuned))
        columns = {
            **_differences(forth.diagonal(), back.diagonal(), null.diagonal(), own.diagonal()),
            "cka_divergence": metrics.cka_divergence(_cka(tuned.clean, pre.clean, estimator)),
            "seed_level": _cka(tuned.clean, noise[0], estimator),
            "permuted": permuted_chance(tuned.clean, _diagonal(tuned_on_pre), estimator),
            "seed_level_learning": _cka(pre.clean, noise[1], estimator),
            "permuted_learning": permuted_chance(pre.clean, _diagonal(pre_on_tuned), estimator),
        }
        names = {"layer_name": list(pre.model.block_names), "estimator": estimator}
        table = pd.DataFrame({"layer": range(1, len(null) + 1), **names, **columns})
        layers.append(table.assign(**_residuals(pre, "pre"), **_residuals(tuned, "tuned")))
        flows.append(_flow_table(forth, null, estimator))
    layer_table = pd.concat(layers, ignore_index=True)
    layer_table["scaled_forgetting"] = metrics.scaled(
        layer_table.stir_tuned_given_pre, self_value=layer_table.self_pre, permuted=layer_table.permuted
    )
    return layer_table, pd.concat(flows, ignore_index=True)


def _differences(
    forth: np.ndarray, back: np.ndarray, self_pre: np.ndarray, self_tuned: np.ndarray
) -> dict[str, np.ndarray]:
    """STIR of the tuned model given the pre-trained and back, self values, and what was forgotten and learned."""
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


def permuted_chance(clean: torch.Tensor, inverted: torch.Tensor, estimator: str) -> np.ndarray:
    """(blocks,) CKA of Gram matrices (blocks, n, n) when images and inversions are paired at random: STIR's
    chance.

    Mean over 16 fixed permutations.
    """
    n = clean.shape[-1]
    draws = [seeds.generator("permuted chance", n, k).permutation(n) for k in range(_PERMUTATIONS)]
    return np.mean([_cka(clean, inverted[:, draw][:, :, draw], estimator) for draw in draws], axis=0)


def _flow_table(forth: np.ndarray, null: np.ndarray, estimator: str) -> pd.DataFrame:
    reference, tested = np.indices(forth.shape) + 1
    return pd.DataFrame(
        {
            "estimator": estimator,
            "reference_layer": reference.ravel(),
            "tested_layer": tested.ravel(),
            "stir": forth.ravel(),
            "null_stir": null.ravel(),
            "flow": metrics.flow(forth).ravel(),
            "null_flow": metrics.null_flow(null).ravel(),
            "excess": metrics.excess(forth, null).ravel(),
        }
    )


def _stirs(clean: torch.Tensor, inverted: torch.Tensor, estimator: str) -> np.ndarray:
    """(inverted blocks, tested blocks): STIR from Gram matrices on images and on inversions."""
    return _cka(clean[None], inverted, estimator)


def _cka(kx: torch.Tensor, ky: torch.Tensor, estimator: str) -> np.ndarray:
    return cka_of_grams(kx, ky, unbiased=estimator == "unbiased").cpu().numpy()


def _diagonal(grams: torch.Tensor) -> torch.Tensor:
    return torch.stack([grams[i, i] for i in range(len(grams))])


def _residuals(subject: Subject, name: str) -> dict[str, list[float]]:
    found = [inversion.residual for inversion in subject.inversions]
    return {
        f"residual_{name}": [float(residual.mean()) for residual in found],
        f"useless_{name}": [float((residual > 1).double().mean()) for residual in found],
    }
