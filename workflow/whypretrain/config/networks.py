"""Networks: what timm builds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from whypretrain.config.section import Changes, Several

#: Standard deviation of a new head's weights, as in timm's ViT.
HEAD_STD = 0.02
Channels = Annotated[tuple[float, ...], Several, Field(min_length=1, max_length=3)]


def in_unit_interval(values: tuple[float, ...]) -> tuple[float, ...]:
    """Mean or std of images in [0, 1]; ValueError where they are those of images up to 255: a validator."""
    if max(values, default=0) > 1:
        scaled = ", ".join(f"{value / 255:.4g}" for value in values)
        raise ValueError(f"is {list(values)}, but images are in [0, 1]; divide by 255: [{scaled}]")
    if min(values, default=0) < 0:
        raise ValueError(f"must be at least 0, not {list(values)}")
    return values


def _positive(values: tuple[float, ...]) -> tuple[float, ...]:
    if min(values) <= 0:
        raise ValueError(f"must be above 0, not {list(values)}")
    return values


Normalisation = Annotated[Channels, AfterValidator(in_unit_interval)]

#: Sources of weights, those that come over the network last.
FETCHED = ("timm:NAME", "torchvision:WEIGHTS", "hf:ORG/NAME")
SOURCES = ("file:PATH", "package:NAME", *FETCHED)


def is_fetched(checkpoint: str | None) -> bool:
    """Whether weights come over the network."""
    return checkpoint is not None and _kind(checkpoint) in map(_kind, FETCHED)


def _kind(source: str) -> str:
    return source.partition(":")[0]


def _from_source(value: str) -> str:
    kind, colon, place = value.partition(":")
    if not (colon and place and kind in map(_kind, SOURCES)):
        hint = f"; did you mean 'file:{value}'?" if not colon else ""
        raise ValueError(f"must be one of {', '.join(SOURCES)}, not {value!r}{hint}")
    return value


#: Where weights come from; what each means: docs/own_models.md.
Checkpoint = Annotated[str, AfterValidator(_from_source)]


class Network(Changes):
    """A backbone of timm."""

    name: str
    """timm entry point, e.g. resnet18"""
    options: dict[str, Any] = {}
    """keyword arguments for timm.create_model"""
    stem: Literal["standard", "small"] = "standard"
    """small: a 3 x 3 stem without pooling, for ResNets on images of at most 64 px"""
    mean: Normalisation | None = None
    """per channel, subtracted from images in [0, 1]; null: that of the checkpoint, or of the source"""
    std: Annotated[Normalisation, AfterValidator(_positive)] | None = None
    """per channel, divides them afterwards; null: that of the checkpoint, or of the source"""
    head_std: Annotated[float, Field(gt=0, lt=1)] = HEAD_STD
    """standard deviation of the weights that new heads start with, of source and target"""
