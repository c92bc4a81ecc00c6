"""Which checkpoint should be fine-tuned: one row a start, and what predicts its accuracy beyond the linear probe."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from whypretrain.claims.rows import column
from whypretrain.errors import InputError
from whypretrain.runtime.seeds import generator
from whypretrain.statistics import spearman

START = ["target", "architecture", "seed"]
PROBE, OUTCOME = "probe", "finetuned"
#: Measures by when they are known: from the frozen features, or from the fine-tuned model itself.
BEFORE = (PROBE, "knn", "logme", "training_gflop")
AFTER = (
    *("agreement_1", "agreement_2", "agreement_all", "preserved"),
    *("forgetting_early", "forgetting_late", "cka_early", "cka_late"),
)
FEWEST = 6  # starts; a rank correlation of fewer says nothing
_RESAMPLES = 4000
_DEGREES = ("1", "2", "all")


def starts(
    measured: pd.DataFrame, across: pd.DataFrame, agreement: pd.DataFrame, *, probe: str, finetune: str
) -> pd.DataFrame:
    """One row a target, architecture and seed.

    Args:
        measured: what the features give, columns target, architecture, seed, knn, logme, training_gflop.
        across: the table `across` (see `side_by_side`).
        agreement: the table `agreement`.
        probe, finetune: methods of these roles.

    Returns:
        Columns target, architecture, seed, finetuned (test accuracy), those of `BEFORE` (probe is its test accuracy,
        training_gflop what fine-tuning computes), and of `AFTER`: agreement of the fine-tuned model with the probe by
        degree, and its columns of `across`; NaN where it was not measured.

    Raises:
        InputError: if a table lacks a column, or a method has no rows.
    """
    for name in ("method", "accuracy", *AFTER[3:]):
        column(across, name)
    by_method = {name: across[across["method"] == name].set_index(START) for name in (probe, finetune)}
    if missing := [name for name, rows in by_method.items() if rows.empty]:
        raise InputError(f"the table 'across' has no rows of method {missing[0]!r}; train it on the targets")
    tuned = by_method[finetune]
    found = measured.set_index(START)
    found[PROBE] = by_method[probe]["accuracy"]
    found = found.join(tuned[[*AFTER[3:]]]).join(_agreements(agreement, probe, finetune))
    found.insert(0, OUTCOME, tuned["accuracy"])
    return found.reindex(columns=[OUTCOME, *BEFORE, *AFTER]).reset_index()


def _agreements(agreement: pd.DataFrame, probe: str, finetune: str) -> pd.DataFrame:
    """Agreement of a fine-tuned model with its own probe, by degree."""
    rows = agreement[agreement["kind"] == f"{probe}_vs_{finetune}"]
    rows = rows[rows["seed_a"] == rows["seed_b"]].rename(columns={"seed_a": "seed"})
    wide = rows.assign(degree=rows["degree"].astype(str)).pivot(index=START, columns="degree", values="agreement")
    return wide.reindex(columns=list(_DEGREES)).add_prefix("agreement_")


def predictors(table: pd.DataFrame, *, confidence: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """How well each measure ranks the starts of a target by their fine-tuned accuracy, and what it adds to the probe.

    Values are means over seeds. Within every target, over its n starts:

    - `correlation`: Spearman's rho of measure m and fine-tuned accuracy y;
    - `beyond`: their partial rank correlation given the probe's accuracy p,
      (rho_my - rho_mp rho_py) / sqrt((1 - rho_mp^2) (1 - rho_py^2));
    - `gain`: 1 - (sum of squared errors of y by p and m) / (that by p alone), least squares with an intercept a target,
      each start predicted from the others; below 0 the measure does harm.

    All three are means over targets. Bounds are those of a bootstrap that draws starts, the same for all targets, and
    targets (the pigeonhole bootstrap of Owen, 2007, which is conservative); errors of left-out starts are drawn as they
    are. Starts that share weights count as independent, which they are not.

    Returns:
        One row a measure: measure, known (before or after fine-tuning), starts, targets, correlation, beyond and gain
        with `_low` and `_high` each, and `adds`: whether the bounds of `beyond`, corrected for all the measures
        (Bonferroni), leave out 0. Measures without a value for some start are left out; where one is the same for all
        starts, or has the probe's order, NaN.

    Raises:
        InputError: for fewer than six starts.
    """
    means = table.groupby(["target", "architecture"], sort=False).mean(numeric_only=True).drop(columns="seed")
    cube = {str(name): means[name].unstack("architecture").to_numpy(float) for name in means}
    count, width = cube[OUTCOME].shape
    if width < FEWEST:
        raise InputError(f"{width} starts; predictors of transfer need {FEWEST}: name more in grid.architectures")
    used = [name for name in (*BEFORE, *AFTER) if np.isfinite(cube[name]).all()]
    draw = generator(seed, "predictors")
    rows = draw.integers(width, size=(_RESAMPLES, width))
    targets = draw.integers(count, size=(_RESAMPLES, count))
    corrected = 1 - (1 - confidence) / max(1, len(used) - 1)
    found = pd.DataFrame([_statistics(cube, name, rows, targets, confidence, corrected) for name in used])
    known = ["before" if name in BEFORE else "after" for name in used]
    return pd.DataFrame({"measure": used, "known": known, "starts": width, "targets": count}).join(found)


def _statistics(
    cube: dict[str, np.ndarray], name: str, rows: np.ndarray, targets: np.ndarray, confidence: float, corrected: float
) -> dict[str, float | bool | None]:
    """The statistics of one measure with their bounds; the probe has no `beyond` itself."""
    own, probe, outcome = cube[name], cube[PROBE], cube[OUTCOME]
    found: dict[str, float | bool | None] = {}
    values = {"correlation": _correlations(own, outcome, rows)}
    if name != PROBE:
        values["beyond"] = _partial(own, probe, outcome, rows)
    for key, (each, drawn) in values.items():
        # Undefined on one target, it has no mean over them, and draws in which it is defined say nothing.
        spread = np.take_along_axis(drawn, targets, 1).mean(1) if np.isfinite(each).all() else np.array([np.nan])
        found |= {key: float(each.mean())} | _bounds(key, spread, confidence)
        if key == "beyond":
            low, high = _bounds(key, spread, corrected).values()
            found["adds"] = low > 0 or high < 0
    if name != PROBE:
        alone, both = _left_out([probe], outcome), _left_out([probe, own], outcome)
        sums = [np.take_along_axis(each[targets], rows[:, None, :], 2).sum((1, 2)) for each in (alone, both)]
        found |= {"gain": float(1 - both.sum() / alone.sum())} | _bounds("gain", 1 - sums[1] / sums[0], confidence)
    return found


def _bounds(key: str, drawn: np.ndarray, confidence: float) -> dict[str, float]:
    """Quantiles of the draws for which the statistic is defined; NaN where it is for none."""
    known = drawn[np.isfinite(drawn)] if np.isfinite(drawn).any() else np.array([np.nan])
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return {f"{key}_low": float(low), f"{key}_high": float(high)}


def _correlations(x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's rho of each target (T,), and of every draw of starts (B, T)."""
    both = zip(x, y, strict=True)
    return np.array([spearman(a, b) for a, b in both]), np.stack(
        [_pearson(_ranks(a[rows]), _ranks(b[rows])) for a, b in zip(x, y, strict=True)], axis=1
    )


def _partial(x: np.ndarray, given: np.ndarray, y: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Partial rank correlations of x and y, as `_correlations`; NaN where `given` alone decides a rank."""
    pairs = [_correlations(*pair, rows) for pair in ((x, y), (x, given), (given, y))]
    found = []
    for xy, xg, gy in zip(*pairs, strict=True):
        rest = (1 - xg**2) * (1 - gy**2)
        found.append(
            np.divide(xy - xg * gy, np.sqrt(np.maximum(rest, 0)), where=rest > 1e-9, out=np.full_like(xy, np.nan))
        )
    return found[0], found[1]


def _ranks(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(values, axis=-1)


def _pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = (each - each.mean(-1, keepdims=True) for each in (x, y))
    size = np.sqrt((x**2).sum(-1) * (y**2).sum(-1))
    return np.divide((x * y).sum(-1), size, where=size > 0, out=np.full(size.shape, np.nan))


def _left_out(given: Sequence[np.ndarray], outcome: np.ndarray) -> np.ndarray:
    """Squared error of every start, (T, n), when its outcome is predicted from the other starts of its target."""
    errors = np.empty_like(outcome)
    for target, values in enumerate(outcome):
        design = np.column_stack([np.ones(len(values)), *(each[target] for each in given)])
        leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
        residual = values - design @ np.linalg.pinv(design) @ values
        errors[target] = (residual / np.maximum(1 - leverage, 1e-9)) ** 2
    return errors
