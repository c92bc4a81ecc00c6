"""Does uneven forgetting over layers go with robustness? (Merlin et al. 2023, arXiv:2307.06006, section 4.4,
App. E.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from whypretrain.errors import InputError


@dataclass(frozen=True)
class Correlation:
    """Pearson correlation, over epochs, of the spread of forgetting with accuracy at each severity."""

    r_by_severity: np.ndarray
    p_by_severity: np.ndarray  # two-sided, for independent epochs, which successive epochs are not

    @property
    def r(self) -> float:
        """Mean over severities: the paper's statistic."""
        return float(self.r_by_severity.mean())

    @property
    def p(self) -> float:
        """Mean of the severities' p-values, as the paper reports it."""
        return float(self.p_by_severity.mean())


def spread(forgetting: ArrayLike, *, first_layer: int = 2) -> np.ndarray:
    """Standard deviation of forgetting (..., layers) over the layers from `first_layer` (1-based) on."""
    return np.asarray(forgetting)[..., first_layer - 1 :].std(-1)


def correlate(spreads: ArrayLike, accuracies: ArrayLike) -> Correlation:
    """Correlate spreads (epochs,) with accuracies (epochs, severities).

    Raises:
        InputError: fewer than 3 epochs, differing numbers of epochs, or a series that does not vary.
    """
    from scipy import stats

    spreads, accuracies = np.asarray(spreads, dtype=float), np.asarray(accuracies, dtype=float)
    if spreads.ndim != 1 or accuracies.ndim != 2 or len(spreads) != len(accuracies):
        raise InputError(
            f"robustness needs (epochs,) and (epochs, severities), got {spreads.shape}, {accuracies.shape}"
        )
    if len(spreads) < 3:
        raise InputError(
            f"a correlation over {len(spreads)} epochs means nothing; give at least 3 checkpoints"
        )
    if np.ptp(spreads) == 0 or (np.ptp(accuracies, axis=0) == 0).any():
        raise InputError("spread or accuracy is the same at every epoch, their correlation is undefined")
    found = stats.pearsonr(np.broadcast_to(spreads[:, None], accuracies.shape), accuracies, axis=0)
    return Correlation(found.statistic, found.pvalue)


def without_early(
    spreads: ArrayLike, accuracies: ArrayLike, epochs: ArrayLike, starts: Iterable[int] = (1, 2, 3, 5, 10)
) -> dict[int, Correlation]:
    """The correlation on epochs >= s, for each s of `starts`: without the time when everything rises."""
    spreads, accuracies, epochs = np.asarray(spreads), np.asarray(accuracies), np.asarray(epochs)
    return {s: correlate(spreads[epochs >= s], accuracies[epochs >= s]) for s in starts}
