"""Encoders of text: what transformers builds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from whypretrain.config.networks import HEAD_STD
from whypretrain.config.section import Changes, Count

LEARNING_RATE = 1.0e-4  # of fine-tuning, where no other is given: the default's is that of small networks for images


class TextEncoder(Changes):
    """An encoder of text, by transformers; what is left out is that of the checkpoint."""

    name: str | None = None
    """type of the configuration in transformers, e.g. bert, distilbert; null: that of the checkpoint"""
    options: dict[str, Any] = {}
    """keys of that configuration, e.g. {num_hidden_layers: 2}, over those of the checkpoint"""
    pooling: Literal["cls", "mean"] = "cls"
    """what the head sees of the last layer: the state of the first token, or the mean over all tokens"""
    vocabulary: Annotated[int, Field(ge=100)] = 2000
    """pieces of a WordPiece vocabulary that is trained on the source, where no checkpoint brings a tokenizer"""
    longest: Count = 512
    """tokens of the longest sentence; a longer one is refused, never cut"""
    head_std: Annotated[float, Field(gt=0, lt=1)] = HEAD_STD
    """standard deviation of the weights that new heads start with"""


def encoders(config: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each model of the grid is an encoder of text."""
    models = config.get("models", {})
    named = [name for name in config.get("grid", {}).get("architectures", []) if isinstance(models.get(name), Mapping)]
    return {name: isinstance(models[name].get("encoder"), Mapping) for name in named}


def is_text(config: Mapping[str, Any]) -> bool:
    """Whether an experiment uses text: a model of its grid is an encoder; grids that mix are refused."""
    return any(encoders(config).values())


def sample_word(config: Mapping[str, Any]) -> str:
    """What one sample of an experiment's data is called."""
    return "sentence" if is_text(config) else "image"


def text_remarks(config: Mapping[str, Any]) -> Iterator[str]:
    """What an experiment on text leaves out."""
    if is_text(config):
        yield (
            "text: what needs pixels is left out: image size, augmentation, patch grids, inversion and STIR, "
            "corruptions; layers are compared by CKA. Where none is given, train.common.learning_rate is "
            f"{LEARNING_RATE:g} and interactions.score.baseline is mask"
        )
