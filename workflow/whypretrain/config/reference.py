"""What a config may hold, for people and editors: docs/config.md and docs/config.schema.json, made from the models.

python -m whypretrain.config.reference docs
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from whypretrain.config.datasets import DataSet
from whypretrain.config.experiment import Experiment
from whypretrain.config.section import Section

HEAD = """\
# Every key of a config

Made from the models in `workflow/whypretrain/config` by `python -m whypretrain.config.reference docs`.

A config is a YAML file that holds only what differs from [config/default.yaml](../config/default.yaml). Invalid configs
are rejected before anything runs; the message names the key and suggests a fix. Editors that read JSON schemas complete
and check keys with `docs/config.schema.json`.
"""


def schema() -> dict[str, Any]:
    """The JSON schema of a config; data sets are checked by the options of their kinds."""
    found = Experiment.model_json_schema()
    kinds = {name: options.model_json_schema(ref_template="#/$defs/{model}") for name, options in _kinds().items()}
    for name, each in kinds.items():
        each.pop("$defs", None)
        found["$defs"][f"kind {name}"] = each
    section = found["properties"]["datasets"]
    section["additionalProperties"] = {"anyOf": [{"$ref": f"#/$defs/kind {name}"} for name in kinds]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "whypretrain config"}


def page() -> str:
    """The reference as Markdown: a table for each section."""
    seen: dict[type[Section], str] = {}
    sections = [_table("", Experiment, seen), *_below("", Experiment, seen), _table("datasets.NAME", DataSet, seen)]
    seen |= {DataSet: "datasets.NAME"}
    for name, options in _kinds().items():
        sections.append(_table(f"datasets.NAME, kind {name}", options, seen))
    return "\n".join([HEAD, *sections])


def _kinds() -> dict[str, type[Section]]:
    """Options by kind, published sets under the names of those that share them."""
    from whypretrain.data import kinds

    own = {name: kinds.kind_of({"kind": name}, name).options for name in kinds.KINDS}
    shared: dict[type[Section], list[str]] = {}
    for name in [*kinds.names()[len(own) :], "torchvision:CLASS"]:
        shared.setdefault(kinds.kind_of({"kind": name}, name).options, []).append(name)
    return own | {", ".join(names): options for options, names in shared.items()}


def _below(path: str, section: type[Section], seen: dict[type[Section], str]) -> Iterator[str]:
    """Tables of the sections within a section; one that has been shown is not shown again."""
    for key, field in section.model_fields.items():
        for inner, named in _sections(field.annotation):
            place = ".".join(filter(None, [path, key, "NAME" if named else ""]))
            if inner not in seen:
                yield _table(place, inner, seen)
                seen[inner] = place
                yield from _below(place, inner, seen)


def _sections(annotation: Any, named: bool = False) -> Iterator[tuple[type[Section], bool]]:
    """The sections in a type, and whether they are values of a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, named
    for part in get_args(annotation):
        origin = getattr(annotation, "__origin__", None)
        yield from _sections(part, named or (isinstance(origin, type) and issubclass(origin, Mapping)))


def _table(place: str, section: type[Section], seen: Mapping[type[Section], str]) -> str:
    """A section's keys; those of a section that it extends and that has been shown are left to that one."""
    properties = section.model_json_schema()["properties"]
    base = next((each for each in seen if each in section.__mro__[1:]), None)
    inherited = base.model_fields if base else {}
    rows = [
        f"| `{key}` | {_type(properties[key])} | {_default(field)} | {' '.join((field.description or '').split())} |"
        for key, field in section.model_fields.items()
        if field.description != getattr(inherited.get(key), "description", None)
    ]
    about = " ".join((section.__doc__ or "").split("\n\n")[0].split())
    more = f" Also the keys of `{seen[base]}`." if base else ""
    title = f"## `{place}`" if place else "## Top level"
    head = ["| key | type | default | meaning |", "|---|---|---|---|"] if rows else []
    return "\n".join([f"{title}\n", f"{about}{more}\n", *head, *rows, ""])


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "" if isinstance(value, Section) else f"`{json.dumps(value)}`"


_BOUNDS = {"minimum": "≥ ", "exclusiveMinimum": "> ", "maximum": "≤ ", "exclusiveMaximum": "< "}


def _type(schema: Mapping[str, Any]) -> str:
    """A schema's type in words, with its range."""
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if "$ref" in schema:
        return "section"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return "mapping"
    bounds = [f"{sign}{schema[key]:g}" for key, sign in _BOUNDS.items() if key in schema]
    return " ".join([str(schema.get("type", "any")), ", ".join(bounds)]).strip()


def main(folder: Path) -> None:
    """Write both files."""
    (folder / "config.md").write_text(page())
    (folder / "config.schema.json").write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
