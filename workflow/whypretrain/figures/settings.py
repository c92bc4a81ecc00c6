"""What the config says about figures: one frozen object that every figure is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from whypretrain.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of all figures; a figure reads those that concern it."""

    confidence: float = 0.95  # of every interval, in (0, 1)
    resamples: int = 1000  # of the bootstrap behind ratio intervals
    seed: int = 0  # of that bootstrap
    columns: Literal["one", "two"] = "two"  # width: a column of a two-column page, or the page's text width
    model: str = "finetune"  # the method that single-model figures show
    joint: str = "joint_uot"  # the method whose gain over `model` is written beside the accuracies
    rule: str = "uot"  # the selection rule whose classes are shown as pictures
    top: int = 16  # classes shown as pictures, best first
    threshold: float = 0.05  # of salient interactions, as a share of the strongest one
    normalised: bool = True  # interactions scaled by each model's output range
    estimator: Literal["biased", "unbiased"] = "biased"  # of linear CKA; the papers' is biased
    pictures: int = 2  # images in the strips of inversions

    def __post_init__(self) -> None:
        _require(0 < self.confidence < 1, "confidence", self.confidence, "between 0 and 1, both excluded")
        _require(self.resamples >= 10, "resamples", self.resamples, "at least 10")
        _require(self.columns in ("one", "two"), "columns", self.columns, "one or two")
        _require(self.estimator in ("biased", "unbiased"), "estimator", self.estimator, "biased or unbiased")
        _require(self.top >= 1, "top", self.top, "at least 1")
        _require(self.pictures >= 1, "pictures", self.pictures, "at least 1")

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Settings from the figures' part of the config; what it leaves out has its default.

        Raises:
            InputError: for an unknown key, or a value of the wrong type or out of range.
        """
        known = {field.name: type(field.default) for field in fields(cls)}
        for key, value in config.items():
            if key not in known:
                raise InputError(f"figures.{key}: unknown option; there are {', '.join(known)}")
            right = (int, float) if known[key] is float else known[key]
            if not isinstance(value, right) or (isinstance(value, bool) and known[key] is not bool):
                raise InputError(f"figures.{key}: {value!r} is not of type {known[key].__name__}")
        return cls(**config)


def _require(holds: bool, key: str, value: object, expected: str) -> None:
    if not holds:
        raise InputError(f"figures.{key}: {value!r} must be {expected}")
