"""The tables of the analysis by name. A new one is a function in a module of this package, and a line here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from whypretrain.config.parts import Role
from whypretrain.runtime.registry import Registry


@dataclass(frozen=True)
class Table:
    """Where a table comes from: MODULE.FUNCTION here, a function of an `Analysis`, and the roles that it needs.

    Attributes:
        sampled: whether it can be estimated from random coalitions; the others need all of them.
    """

    place: str
    needs: tuple[Role, ...] = ()
    sampled: bool = False


TABLES: Registry[Table] = {
    "agreement": Table("analysis.agreements", sampled=True),
    "agreement_dynamics": Table("analysis.agreement_paths", sampled=True),
    "commonality": Table("analysis.explained", (Role.REFERENCE, Role.SCRATCH)),
    "knowledge": Table("analysis.knowledge", (Role.REFERENCE,)),
    "similarity": Table("analysis.similarity"),
    "dynamics": Table("analysis.dynamics"),
    "sparsity": Table("analysis.sparsity"),
    "matching": Table("analysis.matching"),
    "salient": Table("analysis.salient_counts", (Role.REFERENCE,)),
    "sensitivity": Table("analysis.sensitivity", (Role.REFERENCE,)),
    "controls": Table("analysis.controls"),
    "permutation_null": Table("analysis.permuted", (Role.REFERENCE,)),
    "strongest": Table("analysis.strongest", (Role.REFERENCE,)),
}


def available(roles: Mapping[Role, str], models: Collection[str], *, sampled: bool = False) -> list[str]:
    """The tables whose roles are there, of all coalitions or of random ones (`sampled`).

    A reference is of use only next to another one of the `models`.
    """
    there = {role for role in roles if role is not Role.REFERENCE or len(models) > 1}
    made = {name: table for name, table in TABLES.items() if table.sampled or not sampled}
    return [name for name, table in made.items() if there.issuperset(table.needs)]
