"""What each method of the tables is: figures know methods by their parts in the papers' cast, not by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from whypretrain.config.parts import (
    CAST,
    CONTROLS,
    FROM_START,
    PRETRAINED,
    REINITIALISED,
    REINITIALISED_PROBE,
    SHAM,
    Role,
)
from whypretrain.errors import InputError

_MODELS = {  # that tables name next to methods
    PRETRAINED: "pre-trained",
    REINITIALISED: "re-initialised",
    REINITIALISED_PROBE: "probe, untrained backbone",
    SHAM: "sham fine-tuning",
}


@dataclass(frozen=True)
class Member:
    """A method, or another model of the tables.

    Attributes:
        part: its part in `whypretrain.config.parts.CAST`, if it has one.
        joint: it is fine-tuned on source data, too.
        known: it has a change of known effect, which the figure of validity shows and no other.
    """

    name: str
    label: str
    part: str | None = None
    joint: bool = False
    known: bool = False


@dataclass(frozen=True)
class Cast:
    """All methods of an experiment in the grid's order, and those of each role; by default, called as the parts are."""

    methods: tuple[Member, ...] = tuple(
        Member(name, part.label, name, "source" in part.recipe) for name, part in CAST.items()
    )
    roles: Mapping[Role, str] = field(
        default_factory=lambda: {
            Role.REFERENCE: "probe",
            Role.JOINT: "joint_uot",
            **{part.role: name for name, part in CAST.items() if part.role},
        }
    )

    @classmethod
    def of(cls, methods: Any = (), roles: Any = ()) -> Cast:
        """From what `whypretrain.config.roles.described` gives.

        Raises:
            InputError: if it is not of that form.
        """
        try:
            return cls(tuple(Member(**each) for each in methods), {Role(key): str(roles[key]) for key in roles})
        except (TypeError, ValueError) as error:
            raise InputError(
                f"figures: methods must be a list of {{name, label, part, joint, known}} and roles a mapping "
                f"of {', '.join(Role)} to names ({error})"
            ) from error

    @property
    def known(self) -> set[str]:
        """Methods with a change of known effect, and kinds of pairs with one, as tables name them."""
        found = {member.name for member in self.methods if member.known}
        names = [*(member.name for member in self.methods), *CONTROLS]
        return found | {f"{a}_vs_{b}" for a, b in product(names, repeat=2) if found & {a, b}}

    def __getitem__(self, name: str) -> Member:
        """What is known of a name of the tables; one that nothing is known of is called by its name."""
        known = {member.name: member for member in self.methods}
        if name in known:
            return known[name]
        if name.endswith(FROM_START):
            began = self[name.removesuffix(FROM_START)]
            part = f"{began.part}{FROM_START}" if began.part else None
            return Member(name, f"{began.label}, against its own start", part)
        if name in _MODELS:
            return Member(name, _MODELS[name], name)
        if name in CAST and self.name_of(name) == name:
            return Member(name, CAST[name].label, name)
        return Member(name, name.replace("_", " "))

    def name_of(self, part: str) -> str:
        """The method that has a part; the part's own name, for published values, where there is none."""
        plain = part.removesuffix(FROM_START)
        named = {member.part: member.name for member in reversed(self.methods)}
        taken = plain in {member.name for member in self.methods}
        name = named.get(plain) or (f"{plain} (published)" if taken else plain)
        return name + part[len(plain) :]
