"""A recipe: everything that decides how a model is trained."""

from __future__ import annotations

from collections.abc import Mapping
from glob import glob
from itertools import product
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from whypretrain.config.augmentation import Augmentation
from whypretrain.config.derived import Derived
from whypretrain.config.networks import Checkpoint
from whypretrain.config.section import (
    Changes,
    Count,
    Natural,
    NonNegative,
    Place,
    Positive,
    Registered,
    Section,
    Several,
    Share,
)
from whypretrain.errors import InputError
from whypretrain.runtime.seeds import seed_of

Precision = Literal["float32", "tf32", "bfloat16"]
Start = Annotated[str, Field(pattern=r"^(pretrained|random|[^/]+/[^/]+)$")]
InsideRun = Annotated[float, Field(gt=0, lt=1)]


class Recipe(Section):
    """How one model is trained. Steps are optimiser steps; fractions are of the whole run."""

    start: Start = "pretrained"
    """weights of the backbone before the first step: pretrained, random, or those of the model TARGET/METHOD"""
    task: Literal["classification", "reconstruction", "masked"] = "classification"
    """reconstruction (of the image) and masked (tokens of a text) use no label, and their models do not classify"""
    steps: Count = 150
    """optimiser steps"""
    epochs: Count | None = None
    """passes over the training images in whole batches, in place of steps; null: steps"""
    batch_size: Count = 32
    """target images a step; source images of joint training come on top"""
    micro_batch: Count | None = None
    """images in one forward and backward pass, source images counted; null: all, halved when memory runs out"""
    precision: Precision = "float32"
    """of forward and backward passes; float32 is used where this one moves the first gradient by more than 5 %"""
    optimizer: Annotated[str, Registered("whypretrain.training.optimizers", "OPTIMIZERS", "optimizer")] = "adamw"
    """sgd is Nesterov's where momentum > 0"""
    learning_rate: Positive = 1e-3
    """peak, of the backbone"""
    head_learning_rate_factor: Positive = 1.0
    """learning rate of the heads, relative to the backbone's"""
    weight_decay: NonNegative = 0.0
    """of all weights"""
    momentum: Share = 0.9
    """of sgd"""
    schedule: Annotated[str, Registered("whypretrain.training.schedule", "SCHEDULES", "schedule")] = "one_cycle"
    """how the learning rate changes over the run"""
    warmup: Share = 0.1
    """fraction of the run in which the learning rate rises"""
    milestones: Annotated[tuple[InsideRun, ...], Several] = (0.6, 0.8)
    """fractions of the run after which the schedule `step` divides the learning rate by ten"""
    label_smoothing: Share = 0.0
    """probability spread over all classes"""
    clip_norm: Annotated[float, Field(ge=1e-12)] | None = None
    """largest norm of the gradient of all weights; null: unlimited"""
    augmentation: Augmentation = Augmentation()
    """random changes of a training image"""
    source: str | None = None
    """selection rule whose source classes are trained along with the target; null: the target alone"""
    source_classes: Count | None = None
    """K, the best so many of the rule's ranking; null: as many as were selected"""
    source_weight: NonNegative = 0.3
    """lambda, weight of the source loss (arXiv:2111.12292)"""
    source_ratio: Annotated[float, Field(ge=1e-3)] = 1.0
    """mu, source images for each target image of a step"""
    source_loss: Literal["labels", "consistency"] = "labels"
    """consistency: of a weak and a strong view, with clusters (select.clusters) in place of classes and no labels"""
    drop_duplicates: bool = False
    """leave out source images that nearly are test images of the target; they are counted in either case"""
    duplicate_similarity: Share = 0.95
    """correlation of pixels from which images are near-duplicates"""
    consistency_threshold: Share = 0.0
    """least confidence of a pseudo-label that counts"""
    consistency_temperature: Annotated[float, Field(ge=1e-3)] = 1.0
    """divides the logits of pseudo-labels"""
    frozen_blocks: Natural = 0
    """blocks that keep their weights and BatchNorm statistics, with all that is before them, counted from the first"""
    pull: NonNegative = 0.0
    """alpha of L2-SP (arXiv:1802.01483), which adds alpha / 2 times the backbone's squared distance from its start"""
    draw: Natural = 0
    """above 0: the same recipe with random draws of its own, to see what chance alone changes"""
    checkpoints: Natural = 0
    """weights kept along the way: the first, the last, and others at the same fractions of every run; 0: none"""
    checkpoint_spacing: Literal["geometric", "linear"] = "geometric"
    """of these fractions; geometric starts at 1 % of the run"""
    tune: dict[str, list] = {}
    """setting: values to try, in all combinations; the best on held-out training images is trained on all of them"""
    tune_folds: Annotated[int, Field(ge=1, le=5)] = 1
    """fifths of each class's training images that are held out in turn to choose by"""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.task != "classification" and self.source is not None:
            raise ValueError(f"task {self.task} takes no source; leave source out")
        return self

    @property
    def starts_elsewhere(self) -> bool:
        """Whether the start is a model trained on another target."""
        return "/" in self.start

    @classmethod
    def from_config(cls, config: Mapping[str, Any], where: str = "recipe") -> Recipe:
        """A recipe from a section of the config; keys left out take the defaults above.

        Example:
            >>> Recipe.from_config({"steps": 10, "augmentation": {"rotation": 10.0}}).augmentation.rotation
            10.0

        Raises:
            InputError: unknown key, wrong type, or a value out of its range; `where` names the section.
        """
        recipe = cls.of(config, where)
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
                raise InputError(f"{where}.tune.{key}: decides what method it is; write a method for each value")
            if not values:
                raise InputError(f"{where}.tune.{key}: {values!r} must be a list of values")
        combinations = product(*self.tune.values()) if self.tune else ()
        named = [dict(zip(self.tune, values, strict=True)) for values in combinations]
        fixed = {**self.plain(), "tune": {}}
        return [(values, Recipe.of({**fixed, **values}, f"{where}.tune")) for values in named]

    def lasting(self, images: int) -> Recipe:
        """The recipe with the steps that its epochs are on so many training images: whole batches of each epoch.

        Example:
            >>> Recipe(epochs=100, batch_size=256).lasting(5994).steps
            2300
        """
        if self.epochs is None:
            return self
        return self.model_copy(update={"steps": self.epochs * max(1, images // self.batch_size)})

    def seed(self, *name: object) -> int:
        """The seed of the training called `name`; recipes that differ in `draw` alone differ in it."""
        return seed_of(*name, *(["draw", self.draw] if self.draw else []))

    def as_config(self) -> dict[str, Any]:
        """The recipe as plain JSON values, provenance of a trained model: all keys, those of `_IF_SET` where set."""
        return {key: value for key, value in self.plain().items() if _IF_SET.get(key, ...) != value}


class RecipeChanges(Recipe, Changes):
    """Settings of a recipe that differ from those it is laid over."""


class Imported(Changes):
    """A model that was trained elsewhere; paths may hold {target}, {architecture} and {seed}."""

    weights: Annotated[Checkpoint | None, Place("file:")] = None
    """file:PATH and so on, of a model with its head, which is taken in place of training"""
    checkpoint_files: str | None = None
    """pattern of files that its training left, as runs/checkpoint-*.pth.tar; the last number in a name is the step"""
    state: Literal["ema", "raw"] | None = None
    """of weights and checkpoint_files, as in models.NAME.state"""

    def places(self) -> dict[str, str]:
        """The weights, and every file of the pattern."""
        pattern = self.checkpoint_files
        files = (
            sorted(glob(pattern, recursive=True)) or [pattern] if pattern else []
        )  # itself is missing, where none fits
        return {**super().places(), **{f"checkpoint_files.{number}": path for number, path in enumerate(files)}}


IMPORTED = tuple(Imported.model_fields)


class Method(Imported, RecipeChanges):
    """A way to train on the target: what differs from `train.common`."""

    start: Literal["pretrained", "random", "frozen"] | dict[str, Start] = "pretrained"  # type: ignore[assignment]
    """frozen: a linear probe on the pre-trained features; a mapping TARGET: OTHER/METHOD starts from the model that
    METHOD trained on the target OTHER"""
    mode: Literal["strong", "paper"] = "strong"
    """of a linear probe: tuned logistic regression, or the fine-tuning recipe on frozen features"""
    derive: Derived | None = None
    """made from models of other methods by a change whose effect is known, in place of training (docs/validity.md)"""
    label: str | None = None
    """what figures call the method; null: by its role and recipe"""

    @model_validator(mode="after")
    def _fits_start(self) -> Self:
        given = self.model_fields_set - {"start", "mode", "label"}
        if self.weights is not None:
            if unused := given - set(IMPORTED):
                raise ValueError(f"a method with weights is not trained and has no key {min(unused)!r}; leave it out")
            if self.start not in ("pretrained", "random"):
                raise ValueError("start of a method with weights is pretrained or random: how it was trained elsewhere")
            return self
        if self.derive is not None:
            if unused := given - {"derive"}:
                raise ValueError(f"a derived method is not trained and has no key {min(unused)!r}; leave it out")
            return self
        if unused := given & set(IMPORTED):
            raise ValueError(f"{min(unused)} belongs to weights, a model trained elsewhere; give both, or leave it out")
        if self.start == "frozen" and self.mode == "strong" and given:
            raise ValueError(f"a linear probe has no key {min(given)!r}; leave it out, or give mode: paper")
        if self.start != "frozen" and "mode" in self.model_fields_set:
            raise ValueError("mode is for methods that start frozen; leave it out")
        return self


_IF_SET = {"epochs": None, "micro_batch": None, "precision": "float32", "frozen_blocks": 0, "pull": 0.0}  # if not set
_METHOD = ("start", "task", "source", "source_loss", "draw", "tune", "tune_folds")  # not settings of a method
