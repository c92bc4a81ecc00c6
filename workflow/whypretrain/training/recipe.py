"""A recipe: everything that decides how a model is trained, as one frozen dataclass read from the config."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from itertools import product
from typing import Any, get_type_hints

from whypretrain.errors import InputError
from whypretrain.seeds import seed_of


@dataclass(frozen=True)
class Augmentation:
    """Random changes of a training image; every default leaves the image as it is."""

    rotation: float = 0.0  # degrees, drawn from [-rotation, rotation]
    translation: float = 0.0  # share of the image side, drawn from [-translation, translation] for each axis
    scale: float = 0.0  # size factor drawn log-uniformly from [1 / (1 + scale), 1 + scale]
    shear: float = 0.0  # degrees, drawn from [-shear, shear]
    area: float = 1.0  # least share of the image that a random resized crop keeps; 1 is the whole image
    crop: int = 0  # pixels of zero padding before a random crop back to the size
    flip: bool = False  # mirror left and right with probability 1/2; wrong for digits and letters
    noise: float = 0.0  # standard deviation of Gaussian noise; images are in [0, 1]

    def __post_init__(self) -> None:
        _check(self, {}, _AUGMENTATION_LIMITS)


@dataclass(frozen=True)
class Recipe:
    """How to train one model. Units: steps are optimiser steps, shares are of the whole run."""

    start: str = "pretrained"  # pretrained | random | TARGET/METHOD: the backbone's weights before step 0
    task: str = "classification"  # classification | reconstruction: of the input image, without labels
    steps: int = 150
    epochs: int | None = None  # passes over the target's training images, in place of steps
    batch_size: int = 32  # target images a step
    micro_batch: int | None = None  # images in one forward and backward; None: all of the step
    precision: str = (
        "float32"  # float32 | tf32 | bfloat16, used where the first gradient allows it; weights float32
    )
    optimizer: str = "adamw"  # adamw | sgd (Nesterov where momentum > 0)
    learning_rate: float = 1e-3  # peak, of the backbone
    head_learning_rate_factor: float = 1.0  # the heads' learning rate over the backbone's
    weight_decay: float = 0.0
    momentum: float = 0.9  # of sgd
    schedule: str = "one_cycle"  # one_cycle | cosine | step
    warmup: float = 0.1  # share of the run in which the learning rate rises
    milestones: tuple[float, ...] = (0.6, 0.8)  # shares of the run after which `step` decays, tenfold each
    label_smoothing: float = 0.0
    clip_norm: float | None = None  # largest norm of the gradient of all weights; None: unlimited
    augmentation: Augmentation = field(default_factory=Augmentation)
    source: str | None = None  # selection rule whose classes are trained along; None: target alone
    source_classes: int | None = (
        None  # the best so many of the rule's ranking; None: as many as were selected
    )
    source_weight: float = 0.3  # lambda: weight of the source loss (arXiv 2111.12292)
    source_ratio: float = 1.0  # mu: source images per target image in a step
    source_loss: str = (
        "labels"  # labels | consistency: of a weak and a strong view, clusters in place of classes
    )
    drop_duplicates: bool = False  # leave out source images that nearly are test images of the target
    duplicate_similarity: float = 0.95  # correlation of pixels from which on images are near-duplicates
    consistency_threshold: float = 0.0  # least confidence of a pseudo-label that counts
    consistency_temperature: float = 1.0  # divides the logits of pseudo-labels
    draw: int = 0  # above 0: trained again with random draws of its own, to see what chance alone changes
    checkpoints: int = 0  # weights kept along the way: step 0, the last, and others between; 0: none
    checkpoint_spacing: str = "geometric"  # geometric | linear: shares of the run, see `checkpoint_steps`
    tune: dict = field(default_factory=dict, hash=False)  # setting -> values to choose from, see `tuning`
    tune_folds: int = 1  # fifths of the training images that are held out, one after another, to choose by

    def __post_init__(self) -> None:
        _check(self, _CHOICES, _LIMITS)
        if self.start not in ("pretrained", "random") and not self.starts_elsewhere:
            raise InputError(f"start: {self.start!r} must be one of pretrained, random, or TARGET/METHOD")
        if any(not 0 < share < 1 for share in self.milestones):
            raise InputError(f"milestones: {list(self.milestones)} must be shares of the run between 0 and 1")
        if self.task == "reconstruction" and self.source is not None:
            raise InputError("task: reconstruction takes no source; leave source out")

    @property
    def starts_elsewhere(self) -> bool:
        """Whether the start is a model trained on another target."""
        return "/" in self.start

    @classmethod
    def from_config(cls, config: dict[str, Any], where: str = "recipe") -> Recipe:
        """A recipe from a section of the config; keys left out take the defaults above.

        Example:
            >>> Recipe.from_config({"steps": 10, "augmentation": {"rotation": 10.0}}).augmentation.rotation
            10.0

        Raises:
            InputError: unknown key, wrong type, or a value out of its range; `where` names the section.
        """
        nested = _from_mapping(Augmentation, config.get("augmentation") or {}, f"{where}.augmentation")
        recipe = _from_mapping(cls, {**config, "augmentation": nested}, where)
        recipe.trials(where)
        return recipe

    def trials(self, where: str = "recipe") -> list[tuple[dict[str, Any], Recipe]]:
        """Every combination of the values in `tune`, the last setting changing first, and the recipe that it makes.

        Example:
            >>> [values for values, _ in Recipe(tune={"steps": [10, 20]}).trials()]
            [{'steps': 10}, {'steps': 20}]

        Raises:
            InputError: a setting that cannot be tuned, no values, or a value that is none of the setting's.
        """
        for key, values in self.tune.items():
            if key in _METHOD:
                raise InputError(
                    f"{where}.tune.{key}: decides what method it is; write a method for each value"
                )
            if not isinstance(values, list | tuple) or not values:
                raise InputError(f"{where}.tune.{key}: {values!r} must be a list of values")
        fixed = {**self.as_config(), "tune": {}}
        combinations = product(*self.tune.values()) if self.tune else ()
        named = [dict(zip(self.tune, values, strict=True)) for values in combinations]
        return [(values, Recipe.from_config({**fixed, **values}, f"{where}.tune")) for values in named]

    def lasting(self, images: int) -> Recipe:
        """The recipe with the steps that its epochs are on so many training images: whole batches of each epoch.

        Example:
            >>> Recipe(epochs=100, batch_size=256).lasting(5994).steps
            2300
        """
        if self.epochs is None:
            return self
        return dataclasses.replace(self, steps=self.epochs * max(1, images // self.batch_size))

    def seed(self, *name: object) -> int:
        """The seed of the training called `name`; recipes that differ in `draw` alone differ in it."""
        return seed_of(*name, *(["draw", self.draw] if self.draw else []))

    def as_config(self) -> dict[str, Any]:
        """The recipe as plain JSON values, provenance of a trained model: all keys, those of `_IF_SET` where set."""
        values = {**dataclasses.asdict(self), "milestones": list(self.milestones)}
        return {key: value for key, value in values.items() if _IF_SET.get(key, ...) != value}


_CHOICES = {
    "task": ("classification", "reconstruction"),
    "precision": ("float32", "tf32", "bfloat16"),
    "optimizer": ("adamw", "sgd"),
    "schedule": ("one_cycle", "cosine", "step"),
    "source_loss": ("labels", "consistency"),
    "checkpoint_spacing": ("geometric", "linear"),
}
_LIMITS = {  # least and largest value allowed
    "steps": (1, math.inf),
    "epochs": (1, math.inf),
    "batch_size": (1, math.inf),
    "micro_batch": (1, math.inf),
    "learning_rate": (0.0, math.inf),
    "head_learning_rate_factor": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "momentum": (0.0, 1.0),
    "warmup": (0.0, 1.0),
    "label_smoothing": (0.0, 1.0),
    "clip_norm": (1e-12, math.inf),
    "source_classes": (1, math.inf),
    "source_weight": (0.0, math.inf),
    "source_ratio": (1e-3, math.inf),
    "duplicate_similarity": (0.0, 1.0),
    "consistency_threshold": (0.0, 1.0),
    "consistency_temperature": (1e-3, math.inf),
    "draw": (0, math.inf),
    "checkpoints": (0, math.inf),
    "tune_folds": (1, 5),
}
_IF_SET = {"epochs": None, "micro_batch": None, "precision": "float32"}  # what they are where not set
_METHOD = ("start", "task", "source", "source_loss", "draw", "tune", "tune_folds")  # not settings of a method
_AUGMENTATION_LIMITS = {
    "rotation": (0.0, 180.0),
    "translation": (0.0, 1.0),
    "scale": (0.0, math.inf),
    "shear": (0.0, 80.0),
    "area": (1e-3, 1.0),
    "crop": (0, math.inf),
    "noise": (0.0, math.inf),
}


def _check(section: Any, choices: dict[str, tuple[str, ...]], limits: dict[str, tuple[float, float]]) -> None:
    for key, allowed in choices.items():
        if getattr(section, key) not in allowed:
            raise InputError(f"{key}: {getattr(section, key)!r} must be one of {', '.join(allowed)}")
    for key, (least, most) in limits.items():
        value = getattr(section, key)
        if value is not None and not least <= value <= most:
            raise InputError(f"{key}: {value} must be between {least} and {most}")


def _from_mapping(kind: Any, config: Any, where: str) -> Any:
    """Build the dataclass `kind` from a mapping whose keys and types must be its fields'."""
    if not isinstance(config, dict):
        raise InputError(f"{where}: {config!r} must be a mapping of settings")
    types = get_type_hints(kind)
    for key in config:
        if key not in types:
            raise InputError(f"{where}: unknown key {key!r}; known are {', '.join(types)}")
    values = {key: _converted(value, types[key], f"{where}.{key}") for key, value in config.items()}
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{where}.{error}") from error


def _converted(value: Any, kind: Any, where: str) -> Any:
    if kind == tuple[float, ...] and isinstance(value, list | tuple):
        return tuple(_converted(item, float, where) for item in value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind == float | None and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (int, int | None) and isinstance(value, bool):
        raise InputError(f"{where}: {value!r} must be a number")
    if kind != tuple[float, ...] and isinstance(value, kind):
        return value
    name = getattr(kind, "__name__", str(kind)) if isinstance(kind, type) else str(kind)
    raise InputError(f"{where}: {value!r} must be of type {name}")
