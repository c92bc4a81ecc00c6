"""The base of every section of a config: typed, immutable, closed to unknown keys, its errors one line for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, ClassVar, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from whypretrain.config.messages import described, suggestion
from whypretrain.errors import InputError
from whypretrain.provenance.places import PACKAGE


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, refused with ValueError if one is there twice: a validator."""
    if twice := [value for value in values if values.count(value) > 1]:
        raise ValueError(f"must not name {twice[0]!r} twice")
    return values


Several = BeforeValidator(_as_tuple)  # YAML and JSON have lists, sections have tuples
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
Names = Annotated[tuple[Name, ...], Several, AfterValidator(distinct)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


@dataclass(frozen=True)
class Registered:
    """A name that a registry of the package has; the registry is read when the first name is checked."""

    module: str
    registry: str
    what: str

    def names(self) -> list[str]:
        """All names, in the registry's order."""
        return list(getattr(import_module(self.module), self.registry))

    def _known(self, name: str) -> str:
        if name not in self.names():
            raise ValueError(f"{name!r} is no {self.what}; {suggestion(name, self.names())}")
        return name

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "enum": self.names()}


@dataclass(frozen=True)
class Place:
    """Marks a key that names a file or folder of the user's: what it holds is an input of whatever reads it.

    Attributes:
        prefix: what a value must begin with to name one; the rest is the path.
    """

    prefix: str = ""

    def of(self, value: Any) -> str | None:
        """The path in a value, if there is one; a file inside a Python package keeps its whole name."""
        if not isinstance(value, str) or not value.startswith((self.prefix, PACKAGE)):
            return None
        return value if value.startswith(PACKAGE) else value.removeprefix(self.prefix)


class Section(BaseModel):
    """A section of a config: its keys are the attributes, whose docstrings are their meanings in docs/config.md."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )
    moved: ClassVar[Mapping[str, str]] = {}
    """Keys of earlier versions, and what to write instead."""

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        known = list(cls.model_fields)
        for key in values:
            if key in cls.moved:
                raise PydanticCustomError("moved", "{key} has gone; {instead}", {"key": key, "instead": cls.moved[key]})
            if key not in known:
                hint = suggestion(str(key), known)
                raise PydanticCustomError("unknown_key", "unknown key {key}; {hint}", {"key": repr(key), "hint": hint})
        return values

    @classmethod
    def of(cls, values: Any, where: str = "") -> Self:
        """The section from plain values, as YAML and JSON have them.

        Raises:
            InputError: in one line: the key's path below `where`, what is wrong, and the fix.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(described(error, values, where)) from None

    def changed(self, **changes: Any) -> Self:
        """The section with other values, checked like the first ones."""
        return type(self).of({**dict(self), **changes})

    def places(self) -> dict[str, str]:
        """Files and folders that the section names, by key: see `Place`."""
        found: dict[str, str] = {}
        for key, field in type(self).model_fields.items():
            value = getattr(self, key)
            for place in (mark.of(value) for mark in field.metadata if isinstance(mark, Place)):
                found |= {key: place} if place else {}
            named = (
                {f"{key}.{name}": each for name, each in value.items()} if isinstance(value, Mapping) else {key: value}
            )
            inner = {name: each.places() for name, each in named.items() if isinstance(each, Section)}
            found |= {f"{name}.{key}": place for name, places in inner.items() for key, place in places.items()}
        return found

    def plain(self) -> dict[str, Any]:
        """All keys as YAML and JSON have them: mappings, lists, numbers, text."""
        return {key: _plain(value) for key, value in self}


class Seeded(Section):
    """What draws anything at random."""

    seed: Natural = 0
    """the experiment's"""


class Changes(Section):
    """A section that changes another one: keys that are not given are those of the other."""

    def plain(self) -> dict[str, Any]:
        """The keys that are given."""
        return {key: _plain(value) for key, value in self if key in self.model_fields_set}


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return value.plain()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
