"""Training: recipes, one loop for all methods, linear probes, evaluation.

A name's module loads when the name is first used: what needs no torch (the strong probe) does not import it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "Augmentation": "recipe",
    "LinearProbe": "probe",
    "Recipe": "recipe",
    "TrainingResult": "fit",
    "evaluate": "methods",
    "fit_probe": "probe",
    "scores": "accuracy",
    "starting_model": "methods",
    "train": "methods",
}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
