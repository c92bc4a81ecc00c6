"""What fine-tuning kept, forgot and learned, from STIR and CKA values (Merlin et al. 2023, arXiv:2307.06006).

Rows i of a STIR matrix are the blocks inverted, columns j the blocks tested. All functions work element by
element on single values, per-layer vectors and stacks alike, unless they name a matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def forgetting(tuned_given_pre: ArrayLike, *, self_value: ArrayLike = 1.0) -> np.ndarray:
    """Invariances of the pre-trained model that the tuned one lost: self_value - STIR(tuned | pre) (eq. 2).

    The paper sets the self value STIR(pre | pre) of a block to 1 by definition. Give the measured one to take
    out the error of an unfinished inversion. In [0, 1] up to noise.
    """
    return np.asarray(self_value) - np.asarray(tuned_given_pre)


def learning(pre_given_tuned: ArrayLike, *, self_value: ArrayLike = 1.0) -> np.ndarray:
    """Invariances of the tuned model that the pre-trained one lacks: self_value - STIR(pre | tuned) (eq. 3).

    `self_value`: STIR(tuned | tuned), 1 by definition or measured.
    """
    return np.asarray(self_value) - np.asarray(pre_given_tuned)


def cka_divergence(cka_of_pair: ArrayLike, *, self_value: ArrayLike = 1.0) -> np.ndarray:
    """self_value - CKA(tuned, pre) on the images themselves, without inversion (eq. 4)."""
    return np.asarray(self_value) - np.asarray(cka_of_pair)


def flow(tuned_given_pre: ArrayLike) -> np.ndarray:
    """Invariance flow of a STIR matrix: IF(i, j) = STIR(tuned^j | pre^i) - STIR(tuned^i | pre^i) (eq. 5).

    Positive with j < i: compression, the invariance of block i sits in an earlier block now; with j > i:
    expansion. Zero on the diagonal. Read it next to `null_flow`: an untouched model has positive cells too
    once its diagonal is below 1.
    """
    stirs = np.asarray(tuned_given_pre)
    return stirs - np.diagonal(stirs, axis1=-2, axis2=-1)[..., :, None]


def null_flow(pre_given_pre: ArrayLike) -> np.ndarray:
    """The flow of the pre-trained model into itself: what `flow` shows where nothing was tuned."""
    return flow(pre_given_pre)


def excess(tuned_given_pre: ArrayLike, pre_given_pre: ArrayLike) -> np.ndarray:
    """STIR(tuned^j | pre^i) - STIR(pre^j | pre^i): moved invariances need it above 0 at j != i."""
    return np.asarray(tuned_given_pre) - np.asarray(pre_given_pre)


def scaled(stir: ArrayLike, *, self_value: ArrayLike, permuted: ArrayLike) -> np.ndarray:
    """Loss of STIR from 0 (the measured self value) to 1 (chance: images and inversions paired at random).

    (self - stir) / (self - permuted); NaN where the two ends meet. Comparable over blocks.
    """
    self_value, stir, permuted = np.asarray(self_value), np.asarray(stir), np.asarray(permuted)
    span = self_value - permuted
    return np.divide(self_value - stir, span, out=np.full(np.shape(self_value - stir), np.nan), where=span > 0)


def nesting_shortfall(pre_given_pre: ArrayLike) -> np.ndarray:
    """Error of an inversion, per inverted block: mean over later blocks j >= i of 1 - STIR(pre^j | pre^i).

    Inputs that block i represents identically are so represented by all later blocks of the same model.
    """
    stirs = np.asarray(pre_given_pre)
    later = np.triu(np.ones(stirs.shape[-2:]))
    return 1 - (stirs * later).sum(-1) / later.sum(-1)
