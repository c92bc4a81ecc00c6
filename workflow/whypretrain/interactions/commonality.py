"""What pre-training alone explains of a fine-tuned model, degree by degree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whypretrain.interactions.agreement import coefficients, correlation, inner, require_scores
from whypretrain.interactions.transforms import Array

COLLINEAR = 1e-12  # of a variance: less of a model that another does not explain is rounding


@dataclass(frozen=True)
class Commonality:
    """Parts of the fine-tuned model's variance at each degree that two other models explain, (..., n).

    `unique_pretrained + unique_scratch + common + new = 1`. All are NaN where a model has no variance.

    Attributes:
        r2_pretrained, r2_scratch, r2_both: explained by one model and by both, each in [0, 1].
        n_undefined: samples in which a model has no variance at the degree.
        all: the same over all degrees from 1 on, (...); None within itself.
    """

    r2_pretrained: np.ndarray
    r2_scratch: np.ndarray
    r2_both: np.ndarray
    n_undefined: np.ndarray
    all: Commonality | None = None

    @property
    def unique_pretrained(self) -> np.ndarray:
        """What the pre-trained model explains and the one from scratch does not, in [0, 1]."""
        return self.r2_both - self.r2_scratch

    @property
    def unique_scratch(self) -> np.ndarray:
        """What the model from scratch explains and the pre-trained one does not, in [0, 1]."""
        return self.r2_both - self.r2_pretrained

    @property
    def common(self) -> np.ndarray:
        """What either model explains, in [-1, 1]; negative where both explain more than the sum (suppression)."""
        return self.r2_pretrained + self.r2_scratch - self.r2_both

    @property
    def new(self) -> np.ndarray:
        """What neither model explains, in [0, 1]."""
        return 1.0 - self.r2_both


def commonality(tuned: Array, pretrained: Array, scratch: Array) -> Commonality:
    """Split the fine-tuned model's variance by what the pre-trained and the scratch model explain of it.

    R2 of the least-squares fits of the fine-tuned model's Walsh-Hadamard coefficients at a degree, pooled over
    samples and without intercept, by the pre-trained model's, the scratch model's, and both. A model that is
    negatively related explains too: look at the sign of `agreement`. By chance alone a model explains about 1
    over the number of coefficients, all samples' together.

    Args:
        tuned, pretrained, scratch: scores of the same samples and players, (..., samples, 2^n); leading axes
            broadcast. NumPy or torch.

    Raises:
        InputError: if samples or players differ, or scores are not finite.

    Source: commonality analysis of a regression (Newton and Spurrell, 1967) on Fourier coefficients; the
    combination is ours.

    >>> a, b = np.array([[0.0, 1.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 1.0, 1.0]])  # players 0 and 1 alone
    >>> found = commonality(3 * a + 4 * b, a, b)
    >>> found.unique_pretrained[0].round(2), found.unique_scratch[0].round(2), found.common[0].round(2)
    (np.float64(0.36), np.float64(0.64), np.float64(0.0))
    """
    require_scores(tuned=tuned, pretrained=pretrained, scratch=scratch)
    models = [coefficients(scores) for scores in (tuned, pretrained, scratch)]
    squares = [inner(model, model) for model in models]
    undefined = np.any(np.broadcast_arrays(*(square == 0 for square in squares)), axis=0).sum(axis=-2)

    def related(i: int, j: int) -> np.ndarray:
        return correlation(*(part.sum(axis=-2) for part in (inner(models[i], models[j]), squares[i], squares[j])))

    first, second, both = _explained(related(0, 1), related(0, 2), related(1, 2))
    over_all = Commonality(first[..., -1], second[..., -1], both[..., -1], undefined[..., -1])
    return Commonality(first[..., :-1], second[..., :-1], both[..., :-1], undefined[..., :-1], over_all)


def _explained(
    by_first: np.ndarray, by_second: np.ndarray, between: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R2 by the first, the second and both predictors, from correlations; NaN if one is."""
    by_first, by_second, between = np.broadcast_arrays(by_first, by_second, between)
    rest = 1.0 - between**2
    only_second = by_second - by_first * between
    gain = np.divide(only_second**2, rest, out=np.zeros(rest.shape), where=rest > COLLINEAR)
    first, second = by_first**2 + 0.0 * (by_second + between), by_second**2 + 0.0 * (by_first + between)
    return first, second, np.clip(first + gain, np.maximum(first, second), 1.0)
