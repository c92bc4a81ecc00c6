"""Models: what is trained, and where its weights come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from whypretrain.config.networks import Checkpoint, Network
from whypretrain.config.recipe import RecipeChanges
from whypretrain.config.section import Name, Natural, Place, Section


class ModelTraining(Section):
    """How an architecture is trained on the targets, where that differs from `train`."""

    common: RecipeChanges = Field(default_factory=RecipeChanges)
    """what its methods share, over train.common"""
    methods: Mapping[Name, RecipeChanges] = {}
    """what differs in one method, over train.methods"""


class Pretrained(Section):
    """An architecture and where its weights come from."""

    architecture: Network
    """the backbone"""
    checkpoint: Annotated[Checkpoint | None, Place("file:")] = None
    """start from file:PATH, package:NAME of an installed Python package, timm:NAME, torchvision:WEIGHTS or
    hf:ORG/NAME@REVISION; null: train on the source"""
    state: Literal["ema", "raw"] | None = None
    """of a checkpoint with averaged weights (EMA) next to raw ones, which are taken; null: ema, which the notes say"""
    published: str | None = None
    """where the file of `checkpoint` can be had; with it, a run can be planned before the file is there"""
    redrawn: Natural | Literal["all"] = 0
    """last blocks of the checkpoint that are drawn at random, with what follows them, for worse starts to compare with;
    all: the whole backbone"""

    @model_validator(mode="after")
    def _redraws_what_is_read(self) -> Self:
        if self.redrawn and not self.checkpoint:
            raise ValueError("redrawn needs a checkpoint whose blocks are drawn anew; give one, or leave redrawn out")
        return self


class Model(Pretrained):
    """An architecture, its weights, and what it needs in training."""

    train: ModelTraining = Field(default_factory=ModelTraining)
    """how this architecture is trained on the targets, where that differs from `train`"""
