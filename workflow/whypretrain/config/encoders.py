"""Encoders of text: what transformers builds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from whypretrain.config.networks import HEAD_STD
from whypretrain.config.section import Changes, Count


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
