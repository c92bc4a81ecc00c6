"""What is crossed with what, what methods stand for, and what data sets are brought to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from whypretrain.config.section import Name, Names, Natural, Section, Several

Some = Field(min_length=1)


class Grid(Section):
    """What is crossed with what."""

    source: Name | None
    """pre-training data, a name in datasets; null: none, where every model has a checkpoint and no method takes any"""
    targets: Annotated[Names, Some]
    """downstream data, names in datasets"""
    ranked_for: Names = ()
    """further data sets that source classes are ranked for; nothing is trained on them"""
    architectures: Annotated[Names, Some]
    """names in models"""
    methods: Annotated[Names, Some]
    """names in train.methods"""
    seeds: Annotated[tuple[Natural, ...], Several, Some]
    """training seeds; each has its own chain from pre-training to metrics"""


def data_sets(grid: Mapping[str, Any]) -> list[str]:
    """The data sets of a grid: the source, if there is one, the targets, and those that classes are ranked for."""
    return [*filter(None, [grid["source"]]), *grid["targets"], *grid.get("ranked_for", ())]


class Image(Section):
    """What every data set is brought to."""

    size: Annotated[int, Field(ge=8)]
    """height and width, pixels"""
    channels: Literal[1, 3]
    """1 grey, 3 colour"""


class Roles(Section):
    """The method that stands for each role, where its recipe alone does not decide; null: found by its recipe."""

    reference: Name | None = None
    """stands for the pre-trained model: the first linear probe"""
    finetune: Name | None = None
    """plain fine-tuning: the first method that starts pre-trained, classifies, and takes no source"""
    scratch: Name | None = None
    """training from random weights: the first such method that classifies and takes no source"""
    joint: Name | None = None
    """joint fine-tuning: the first method with a source"""
