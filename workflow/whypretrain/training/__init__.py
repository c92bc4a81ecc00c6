"""Training: recipes, one loop for all methods, linear probes, evaluation.

A name's module loads when the name is first used: what needs no torch (the strong probe) does not import it.
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
