"""Names whose modules load when they are first used, so that reading a registry costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def load(place: str) -> Any:
    """What stands at a place written as "package.module.name".

    Example:
        >>> load("math.hypot")(3, 4)
        5.0
    """
    module, _, name = place.rpartition(".")
    return getattr(import_module(module), name)


def lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__`: each public name comes from its module, e.g. {"train": "training.trainer"}."""

    def found(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return load(f"whypretrain.{modules[name]}.{name}")

    return found
