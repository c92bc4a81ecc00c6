"""Training: recipes, one loop for all methods, linear probes, evaluation.

A name's module loads when the name is first used: what needs no torch (the strong probe) does not import it.

Example: a linear probe on features of two classes.
    >>> import numpy as np
    >>> from whypretrain.training import fit_probe, scores
    >>> features = np.random.default_rng(0).standard_normal((40, 5)) + np.repeat([[2.0], [-2.0]], 20, axis=0)
    >>> labels = np.repeat([0, 1], 20)
    >>> scores(fit_probe(features, labels, seed=0).predict(features), labels)
    {'accuracy': 1.0, 'mean_class_accuracy': 1.0, 'n_test': 40}
"""

from __future__ import annotations

from whypretrain.runtime.loading import lazily

_MODULES = {
    "Augmentation": "config.augmentation",
    "LinearProbe": "training.probe",
    "Recipe": "config.recipe",
    "TrainingResult": "training.fit",
    "joint_source": "training.source",
    "selected_classes": "training.source",
    "evaluate": "training.trainer",
    "fit_probe": "training.probe",
    "scores": "training.accuracy",
    "starting_model": "training.trainer",
    "train": "training.trainer",
}
__all__ = sorted(_MODULES)

__getattr__ = lazily(__name__, _MODULES)
