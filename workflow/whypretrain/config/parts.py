"""What methods can be: the roles of the papers' comparisons, and the models that claims and figures speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from whypretrain.config.augmentation import Augmentation

PRETRAINED = "pretrained"  # what tables call the start of all methods

# Controls that tables have next to the methods: an untrained network, its backbone with a trained linear probe, and a
# fine-tuning in which nothing new has to be learned.
REINITIALISED: Final = "reinitialised"
REINITIALISED_PROBE: Final = "reinitialised_probe"
SHAM: Final = "sham"
CONTROLS = (REINITIALISED, REINITIALISED_PROBE, SHAM)
FROM_START = "_from_start"  # ends the rows of a method compared with its own start


class Role(StrEnum):
    """What a method stands for in the papers' comparisons."""

    REFERENCE = "reference"
    """The pre-trained model: a linear probe on its features."""
    FINETUNE = "finetune"
    """Plain fine-tuning on the target."""
    SCRATCH = "scratch"
    """Training on the target from random weights."""
    JOINT = "joint"
    """Fine-tuning on the target and on chosen source data at once."""


@dataclass(frozen=True)
class Part:
    """A model that the papers' claims and figures speak of, and how it is found among the methods of a config.

    Attributes:
        label: what figures call it.
        role: the method of this role has the part.
        like: the recipe is that of this other part, but for the settings of `recipe`.
        recipe: settings, each a value, or a test of the setting and of the other part's.
        every: all methods that fit have the part, not the first alone.
    """

    label: str
    role: Role | None = None
    like: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    every: bool = False


Test = Callable[[Any, Any], bool]


def _any(found: Any, other: Any) -> bool:
    return True


def _more(found: Any, other: Any) -> bool:
    return bool(found > other)


def _none(found: Any, other: Any) -> bool:
    """Whether there is no augmentation, where the other part has one."""
    return bool(found == Augmentation() != other)


def _mapping(found: Any, other: Any) -> bool:
    return isinstance(found, Mapping)


def _joint(label: str, source: str) -> Part:
    return Part(label, recipe={"source": source, "source_loss": "labels"})


CAST: dict[str, Part] = {
    "probe": Part("linear probe", recipe={"start": "frozen", "mode": "strong"}),
    "probe_paper": Part("probe, fine-tuning recipe", recipe={"start": "frozen", "mode": "paper"}),
    "finetune": Part("fine-tuned", role=Role.FINETUNE),
    "finetune_again": Part("fine-tuned again", like="finetune", recipe={"draw": _more}),
    "finetune_long": Part("fine-tuned, long", like="finetune", recipe={"steps": _more}),
    "finetune_plain": Part("fine-tuned, no augmentation", like="finetune", recipe={"augmentation": _none}),
    "finetune_adam": Part(
        "fine-tuned, Adam", like="finetune", every=True, recipe={"optimizer": "adamw", "learning_rate": _any}
    ),
    "finetune_sgd": Part(
        "fine-tuned, SGD",
        like="finetune",
        every=True,
        recipe={"optimizer": "sgd", "learning_rate": _any, "weight_decay": _any, "augmentation": _any},
    ),
    "joint_uot": _joint("joint, UOT", "uot"),
    "joint_vote": _joint("joint, vote", "vote"),
    "joint_nearest": _joint("joint, nearest", "nearest"),
    "joint_random": _joint("joint, random", "random"),
    "joint_all": _joint("joint, all", "all"),
    "joint_clusters": Part("joint, clusters", recipe={"source": _any, "source_loss": "consistency"}),
    "scratch": Part("from scratch", role=Role.SCRATCH),
    "scratch_again": Part("scratch again", like="scratch", recipe={"draw": _more}),
    "reconstruct": Part("tuned to reconstruct", recipe={"start": "pretrained", "task": "reconstruction"}),
    "neighbour": Part("tuned from a nearby source", recipe={"start": _mapping}),
}
