"""Models: what is trained, and where its weights come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from whypretrain.config.encoders import TextEncoder
from whypretrain.config.networks import Checkpoint, Network
from whypretrain.config.recipe import RecipeChanges
from whypretrain.config.section import Name, Natural, Place, Section

KINDS = ("architecture", "encoder")


class ModelTraining(Section):
    """How an architecture is trained on the targets, where that differs from `train`."""

    common: RecipeChanges = Field(default_factory=RecipeChanges)
    """what its methods share, over train.common"""
    methods: Mapping[Name, RecipeChanges] = {}
    """what differs in one method, over train.methods"""


class Pretrained(Section):
    """An architecture and where its weights come from."""

    architecture: Network | None = None
    """the backbone, of a model for images"""
    encoder: TextEncoder | None = None
    """the encoder, of a model for text"""
    checkpoint: Annotated[Checkpoint | None, Place("file:")] = None
    """start from file:PATH, package:NAME of an installed Python package, timm:NAME, torchvision:WEIGHTS or
    hf:ORG/NAME@REVISION; null: train on the source"""
    state: Literal["ema", "raw"] | None = None
    """of a checkpoint with averaged (EMA) and raw weights, which to use; null: ema, and the notes say so"""
    published: str | None = None
    """where the file of `checkpoint` can be downloaded; with it, a run can be planned before the file is there"""
    redrawn: Natural | Literal["all"] = 0
    """last blocks of the checkpoint to redraw at random, with what follows them, as worse starts; all: every block"""

    def plain(self) -> dict[str, Any]:
        """All keys; of `architecture` and `encoder` the one that is given."""
        return {key: value for key, value in super().plain().items() if key not in KINDS or value is not None}

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        given = [key for key in KINDS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError("give architecture, a network of timm for images, or encoder, one for text; not both")
        if self.encoder and self.checkpoint and self.checkpoint.startswith(("timm:", "torchvision:")):
            raise ValueError(f"checkpoint {self.checkpoint} holds no encoder; give hf:, file: or package:")
        return self

    @model_validator(mode="after")
    def _redraws_what_is_read(self) -> Self:
        if self.redrawn and not self.checkpoint:
            raise ValueError("redrawn needs a checkpoint whose blocks are drawn anew; give one, or leave redrawn out")
        return self


class Model(Pretrained):
    """An architecture, its weights, and what it needs in training."""

    train: ModelTraining = Field(default_factory=ModelTraining)
    """how this architecture is trained on the targets, where that differs from `train`"""
