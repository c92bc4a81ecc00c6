"""Two models compared block by block: the tables of the invariance study, with their controls.

Everything costly belongs to one model (its inversions, its Gram matrices) and is made once in `examine`; a
comparison adds forward passes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any

import numpy as np
import pandas as pd
import torch

from whypretrain.errors import InputError
from whypretrain.invariances import metrics
from whypretrain.invariances.blocks import BlockModel, block_grams, invert_blocks, inverted_grams
from whypretrain.invariances.cka import cka_of_grams
from whypretrain.invariances.inversion import Inversion
from whypretrain.invariances.layer_metrics import LAYER_METRICS
from whypretrain.runtime import seeds
from whypretrain.runtime.loading import load

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

    def on_noise_of(self, reference: Subject) -> torch.Tensor:
        """(blocks, n, n): this model on the noise that the reference's inversions began as."""
        return block_grams(self.model, reference.inversions[0].start, batch_size=self.batch_size)


def examine(model: BlockModel, images: torch.Tensor, *, batch_size: int | None = None, **inversion: Any) -> Subject:
    """Invert every block of a model and keep its Gram matrices. Arguments as `invert_blocks`."""
    inversions = invert_blocks(model, images, batch_size=batch_size, **inversion)
    clean = block_grams(model, images, batch_size=batch_size)
    return Subject(model, inversions, clean, inverted_grams(model, inversions, batch_size=batch_size), batch_size)


@dataclass(frozen=True)
class Pair:
    """Two examined models side by side, for one estimator of CKA: what layer metrics are computed from.

    Attributes:
        tuned_on_pre, pre_on_tuned: (inverted blocks, tested blocks, n, n), one model on the other's inversions.
        tuned_on_noise, pre_on_noise: (blocks, n, n), one model on the noise that the other's inversions began as.
    """

    pre: Subject
    tuned: Subject
    tuned_on_pre: torch.Tensor
    pre_on_tuned: torch.Tensor
    tuned_on_noise: torch.Tensor
    pre_on_noise: torch.Tensor
    estimator: str

    @classmethod
    def of(cls, pre: Subject, tuned: Subject) -> dict[str, Pair]:
        """The pair by estimator; the forward passes are shared."""
        grams = (tuned.on(pre), pre.on(tuned), tuned.on_noise_of(pre), pre.on_noise_of(tuned))
        return {estimator: cls(pre, tuned, *grams, estimator) for estimator in ESTIMATORS}

    def cka(self, kx: torch.Tensor, ky: torch.Tensor) -> np.ndarray:
        """CKA of Gram matrices by this pair's estimator."""
        return estimated(kx, ky, self.estimator)

    @cached_property
    def forth(self) -> np.ndarray:
        """STIR(tuned | pre-trained), (inverted blocks, tested blocks)."""
        return self.cka(self.tuned.clean[None], self.tuned_on_pre)

    @cached_property
    def back(self) -> np.ndarray:
        """STIR(pre-trained | tuned)."""
        return self.cka(self.pre.clean[None], self.pre_on_tuned)

    @cached_property
    def null(self) -> np.ndarray:
        """STIR of the pre-trained model given itself."""
        return self.cka(self.pre.clean[None], self.pre.inverted)

    @cached_property
    def permuted(self) -> np.ndarray:
        """Chance of STIR(tuned | pre-trained), (blocks,), see `permuted_chance`."""
        return permuted_chance(self.tuned.clean, own_blocks(self.tuned_on_pre), self.estimator)

    @cached_property
    def own(self) -> np.ndarray:
        """STIR of the tuned model given itself."""
        return self.cka(self.tuned.clean[None], self.tuned.inverted)


def compare(pre: Subject, tuned: Subject) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables per block and per pair of blocks of two models examined on the same images and noise.

    The first, one row an estimator of CKA and block: layer (1-based), layer_name, estimator, and the columns of
    `LAYER_METRICS` (see `whypretrain.invariances.columns`). The second, one row an estimator and pair: estimator,
    reference_layer (inverted), tested_layer, stir, null_stir (the pre-trained model in place of the tuned), flow,
    null_flow, excess.

    Raises:
        InputError: differing numbers of blocks, or fewer than 4 images.
    """
    functions = [load(f"whypretrain.invariances.{place}") for place in LAYER_METRICS.values()]
    layers, flows = [], []
    for estimator, pair in Pair.of(pre, tuned).items():
        names = list(pre.model.block_names)
        table = {"layer": range(1, len(names) + 1), "layer_name": names, "estimator": estimator}
        layers.append(pd.DataFrame(reduce(or_, (function(pair) for function in functions), table)))
        flows.append(_flow_table(pair))
    return pd.concat(layers, ignore_index=True), pd.concat(flows, ignore_index=True)


def permuted_chance(clean: torch.Tensor, inverted: torch.Tensor, estimator: str) -> np.ndarray:
    """CKA of Gram matrices (blocks, n, n) when images and inversions are paired at random, (blocks,): STIR's chance.

    Mean over 16 fixed permutations.
    """
    n = clean.shape[-1]
    draws = [seeds.generator("permuted chance", n, k).permutation(n) for k in range(_PERMUTATIONS)]
    return np.mean([estimated(clean, inverted[:, draw][:, :, draw], estimator) for draw in draws], axis=0)


def averaged(parts: list[pd.DataFrame], keys: list[str], spread: list[str]) -> pd.DataFrame:
    """Means of tables from repeated draws of images and noise, one row a combination of `keys`.

    Of several draws also `repeats`, their number, and the standard deviations of the columns `spread`, with the suffix
    _sd. Without any part, an empty table with a column value.
    """
    if not parts:
        return pd.DataFrame(columns=[*keys, "value"])
    rows = pd.concat(parts).groupby(keys, sort=False)
    means, repeats = rows.mean(), rows.size()
    if repeats.max() > 1:
        means = means.join(rows[spread].std().add_suffix("_sd")).assign(repeats=repeats)
    return means.reset_index()


def own_blocks(grams: torch.Tensor) -> torch.Tensor:
    """Gram matrices (blocks, n, n) of each block on its own inversions, of all (inverted, tested blocks, n, n)."""
    return torch.stack([grams[i, i] for i in range(len(grams))])


def estimated(kx: torch.Tensor, ky: torch.Tensor, estimator: str) -> np.ndarray:
    """`cka_of_grams` by one of `ESTIMATORS`, as an array."""
    return cka_of_grams(kx, ky, unbiased=estimator == "unbiased").cpu().numpy()


def _flow_table(pair: Pair) -> pd.DataFrame:
    reference, tested = np.indices(pair.forth.shape) + 1
    return pd.DataFrame(
        {
            "estimator": pair.estimator,
            "reference_layer": reference.ravel(),
            "tested_layer": tested.ravel(),
            "stir": pair.forth.ravel(),
            "null_stir": pair.null.ravel(),
            "flow": metrics.flow(pair.forth).ravel(),
            "null_flow": metrics.null_flow(pair.null).ravel(),
            "excess": metrics.excess(pair.forth, pair.null).ravel(),
        }
    )
