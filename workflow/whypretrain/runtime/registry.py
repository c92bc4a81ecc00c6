"""Registries: mappings from a name, as a config says it, to what it stands for."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")
# `RULES: Registry[Rule] = {...}` marks a mapping whose lines count as a stage's code one by one, where the stage uses
# them: see `whypretrain.provenance.closure`.
Registry = dict[str, T]
