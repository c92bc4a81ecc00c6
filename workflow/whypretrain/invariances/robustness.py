"""Does uneven forgetting over layers go with robustness? (arXiv:2307.06006, section 4.4, App. E.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from whypretrain.errors import InputError

FEWEST = 4  # checkpoints of a correlation in `correlations`


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
        raise InputError(f"a correlation over {len(spreads)} epochs means nothing; give at least 3 checkpoints")
    if np.ptp(spreads) == 0 or (np.ptp(accuracies, axis=0) == 0).any():
        raise InputError("spread or accuracy is the same at every epoch, their correlation is undefined")
    found = stats.pearsonr(np.broadcast_to(spreads[:, None], accuracies.shape), accuracies, axis=0)
    return Correlation(found.statistic, found.pvalue)


def correlations(dynamics: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """`correlate` over the checkpoints of one training, with less and less of its beginning.

    Args:
        dynamics: rows of one run in the columns of `follow`.
        accuracies: step, severity (0: clean images) and accuracy, one row or more (corruptions) for each pair.

    Returns:
        One row an estimator and first step after 0 that leaves enough checkpoints: estimator, first_step, first_share
        (of the run), checkpoints, pearson_r, p. NaN where spread or accuracy stands still.
    """
    hurt = accuracies[(accuracies["severity"] > 0) & (accuracies["step"] > 0)]  # at step 0 the head is untrained
    table = hurt.pivot_table(index="step", columns="severity", values="accuracy")
    forgetting = dynamics[dynamics["metric"] == "forgetting"]
    rows = []
    for estimator, part in forgetting.groupby("estimator"):
        layers = part.pivot(index="step", columns="layer", values="value")
        spreads = pd.Series(spread(layers), layers.index).loc[table.index].to_numpy()
        for start in range(max(0, len(table) - FEWEST + 1)):
            first, r, p = table.index[start], *_correlation(spreads[start:], table.to_numpy()[start:])
            rows.append((estimator, first, first / table.index[-1], len(table) - start, r, p))
    columns = ["estimator", "first_step", "first_share", "checkpoints", "pearson_r", "p"]
    return pd.DataFrame(rows, columns=columns)


def _correlation(spreads: np.ndarray, accuracies: np.ndarray) -> tuple[float, float]:
    try:
        found = correlate(spreads, accuracies)
    except InputError:  # a series that does not vary
        return np.nan, np.nan
    return found.r, found.p
