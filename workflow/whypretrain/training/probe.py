"""Linear probes: what a frozen backbone knows of the target, read by a linear classifier on its features.

`strong`: L2-regularised multinomial logistic regression, its strength chosen on held-out training images.
`paper`: the fine-tuning recipe with the backbone held still (arXiv 2410.08455), on unaugmented images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from whypretrain.config.recipe import Recipe
from whypretrain.errors import InputError

_STRENGTHS = 10.0 ** np.arange(-4.0, 3.5, 0.5)  # C of scikit-learn: inverse of the penalty
_FEW = 1000  # below this many images 10 % are too few to choose by: folds are used
_FOLDS = 5


@dataclass(frozen=True)
class LinearProbe:
    """logits = features @ weight.T + bias.

    Attributes:
        weight: float32, (K, d).
        bias: float32, (K,).
        about: how it was fitted, plain values.
    """

    weight: np.ndarray
    bias: np.ndarray
    about: dict[str, Any]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Class indices, (N,), of features (N, d)."""
        return np.argmax(features @ self.weight.T + self.bias, axis=1)


def fit_probe(
    features: np.ndarray, labels: np.ndarray, *, seed: int, mode: str = "strong", recipe: Recipe | None = None
) -> LinearProbe:
    """A linear probe on training features.

    Args:
        features: (N, d), the features that the model's head sees.
        labels: (N,), class indices 0..K-1, each present.
        seed: of the held-out split (`strong`) or of the training (`paper`).
        mode: `strong` or `paper`.
        recipe: of fine-tuning, for `paper`; augmentation and source do not apply.

    Raises:
        InputError: unknown mode, `paper` without recipe, non-finite features, or a class without images.
    """
    if mode not in ("strong", "paper") or (mode == "paper" and recipe is None):
        raise InputError(f"probe: mode {mode!r} must be strong, or paper with a recipe")
    if not np.isfinite(features).all():
        raise InputError("probe: features hold NaN or infinite values; the pre-trained model is broken")
    counts = np.bincount(labels)
    if len(counts) < 2 or counts.min() == 0:
        raise InputError(f"probe: class {int(counts.argmin())} has no training images; give each class at least one")
    return _paper(features, labels, recipe, seed) if recipe and mode == "paper" else _strong(features, labels, seed)


def _strong(features: np.ndarray, labels: np.ndarray, seed: int) -> LinearProbe:
    """Logistic regression on standardised features; the standardisation is folded into the weights."""
    mean, std = features.mean(0, dtype=np.float64), features.std(0, dtype=np.float64)
    std = np.where(std > 1e-8 * max(std.max(), 1e-30), std, 1.0)
    inputs = (features - mean) / std
    strength, score = _choose_strength(inputs, labels, seed)
    model = _regression(strength).fit(inputs, labels)
    coefficients, intercept = model.coef_, model.intercept_
    if len(coefficients) == 1:  # scikit-learn keeps one row for two classes: the log-odds of the second
        coefficients, intercept = (np.vstack([-coefficients, coefficients]) / 2, np.hstack([-intercept, intercept]) / 2)
    weight = coefficients / std
    about = {"mode": "strong", "C": float(strength), "held_out_accuracy": score}
    bias = intercept - weight @ mean
    # safetensors writes memory as it lies, so that the weights must lie in row order
    return LinearProbe(np.ascontiguousarray(weight, dtype=np.float32), bias.astype(np.float32), about)


def _choose_strength(inputs: np.ndarray, labels: np.ndarray, seed: int) -> tuple[float, float | None]:
    """The C of best held-out accuracy (the smallest of equals), and that accuracy.

    Held out: a stratified 10 %, or stratified folds where images are few. The only image of a class is never
    held out; where all are such, C = 1, and there is no accuracy.
    """
    from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

    counts = np.bincount(labels)[labels]  # of each image's class
    single, several = np.flatnonzero(counts == 1), np.flatnonzero(counts > 1)
    if len(several) == 0:
        return 1.0, None
    seed32 = seed % 2**32
    if len(labels) < _FEW:
        splitter: Any = StratifiedKFold(min(_FOLDS, counts[several].min()), shuffle=True, random_state=seed32)
    else:
        splitter = StratifiedShuffleSplit(1, test_size=0.1, random_state=seed32)
    splits = [
        (np.concatenate([several[a], single]), several[b]) for a, b in splitter.split(inputs[several], labels[several])
    ]
    scores = [
        np.mean([_regression(c).fit(inputs[a], labels[a]).score(inputs[b], labels[b]) for a, b in splits])
        for c in _STRENGTHS
    ]
    best = int(np.argmax(scores))
    return float(_STRENGTHS[best]), float(scores[best])


def _regression(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, solver="lbfgs", max_iter=5000, tol=1e-6)


def _paper(features: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int) -> LinearProbe:
    from whypretrain.training.frozen import train_head

    weight, bias = train_head(features, labels, recipe, seed=seed)
    return LinearProbe(weight, bias, {"mode": "paper", "recipe": recipe.as_config()})
