"""What the config says about figures: one frozen object that every figure is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import SkipValidation

from whypretrain.config.output import Figures, Statistics
from whypretrain.config.parts import Role
from whypretrain.config.section import Name, Seeded, Several, Share
from whypretrain.errors import InputError
from whypretrain.figures.cast import Cast
from whypretrain.figures.wording import PLAYERS


class Given(Figures, Statistics, Seeded):
    """What the stage is given."""

    threshold: Share = 0.05
    """of salient interactions, relative to the strongest one"""
    methods: Annotated[tuple[Mapping[str, Any], ...], Several] = ()
    """what each method is: name, label, part, joint, known"""
    roles: Mapping[str, Name] = {}
    """the method of each role"""
    sample: Literal["image", "sentence"] = "image"
    """what one sample of the data is called"""


class Settings(Given):
    """Options of all figures; a figure reads those that concern it."""

    normalised: bool = True
    """interactions scaled by each model's output range"""
    cast: Annotated[Cast, SkipValidation] = Cast()
    """what each method is"""

    @classmethod
    def of(cls, values: Any, where: str = "figures") -> Self:
        """Settings from what the stage is given: `methods` and `roles` make the cast.

        Raises:
            InputError: for an unknown key, or a value of the wrong type or out of range.
        """
        given = Given.of(values, where)
        cast = Cast.of(given.methods, given.roles) if given.methods or given.roles else Cast()
        return cls(**dict(given), cast=cast)

    @property
    def player(self) -> str:
        """What a player is called."""
        return PLAYERS[self.sample]

    @property
    def model(self) -> str:
        """The fine-tuned model, which single-model figures show."""
        return self.method(Role.FINETUNE)

    @property
    def joint(self) -> str:
        """The method whose gain over `model` is written next to the accuracies."""
        return self.method(Role.JOINT)

    def method(self, role: Role) -> str:
        """The method of a role.

        Raises:
            InputError: if there is none.
        """
        if role not in self.cast.roles:
            raise InputError(f"roles: no method is {role!s}; add one to grid.methods, or leave this figure out")
        return self.cast.roles[role]
