"""Invariances: inputs that a model cannot tell apart, layer by layer (arXiv:2307.06006)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from whypretrain.config.section import Count, Name, Names, Natural, Positive, Registered, Section, Several

Corruption = Annotated[str, Registered("whypretrain.data.corruptions", "CORRUPTIONS", "corruption")]


class Schedule(Section):
    """How inputs are inverted."""

    steps: Count = 40
    """gradient steps of an inversion"""
    step_size: Positive = 3.0
    """length of a step in pixel space, L2 over the whole image in [0, 1]"""
    decay: bool = True
    """the step length falls linearly to 0; false: constant, the paper's way"""
    batch_size: Count | None = None
    """images inverted at a time, those of all layers counted; null: from the network (`models.inversion_batch`)"""


class Pilot(Schedule):
    """What published schedules of inversion leave unfinished."""

    pilot_images: Count = 32
    """test images that `snakemake pilot` inverts under every published schedule and the one above"""


class Accuracy(Section):
    """How often a checkpoint is right."""

    accuracy_images: Count = 200
    """test images behind the accuracy of a checkpoint, for one severity"""


class Inversion(Schedule, Accuracy):
    """Identically represented inputs of every layer, and what is compared by them."""

    images: Annotated[int, Field(ge=4)] = 48
    """test images, a seeded stratified draw"""
    repeats: Count = 1
    """draws of images and noise that are averaged"""
    dynamics: Names | None = None
    """methods whose checkpoints are compared with the pre-trained model; null: the role finetune, if it keeps any"""
    learning_along: bool = False
    """also measure what each checkpoint learned: as many inversions as checkpoints"""
    own_start: Names | None = None
    """methods that are also compared with their own start; null: the role scratch, if it keeps checkpoints"""
    pictures: Natural = 4
    """images kept for the strips of pictures"""


class Robustness(Accuracy):
    """Accuracy on corrupted images along a training."""

    corruptions: Annotated[tuple[Corruption, ...], Several] = ()
    """of test images, five severities each, at the checkpoints of `dynamics`; none: no robustness"""


class Invariances(Inversion, Pilot, Robustness):
    """Inputs that a model cannot tell apart, layer by layer."""

    methods: Names | None = None
    """tuned methods of the grid that are looked at; null: all"""
    corrupted: Mapping[Name, Name] = {}
    """target: data set of its corrupted test images (kind cifar10_c or cifar100_c), in place of `corruptions`"""
