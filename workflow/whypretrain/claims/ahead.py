"""Before a run: which claims an experiment can decide at all; after one: what more seeds would decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from whypretrain.claims.claim import Claim, Measure, Rule
from whypretrain.claims.parts import Cast, in_cast
from whypretrain.claims.verdict import ALL, NOT_RUN, OUTSIDE, UNDECIDED
from whypretrain.config.setting import Setting

DECIDABLE = "can be decided"


def decidable(
    claims: Sequence[Claim],
    rule: Rule,
    *,
    tables: Collection[str],
    cast: Cast,
    setting: Setting,
    cells: Sequence[tuple[str, str]],
    seeds: int,
) -> dict[str, list[str]]:
    """Ids of the claims by what they can come to: DECIDABLE, UNDECIDED (too few seeds), NOT_RUN or OUTSIDE.

    Args:
        tables: names of the tables that the experiment brings.
        cast: the methods that have each part (see `config.roles.cast_of`).
        setting: see `config.setting.setting_of`.
        cells: architecture and target of the experiment's runs.
        seeds: of each.
    """
    found: dict[str, list[str]] = {DECIDABLE: [], UNDECIDED: [], OUTSIDE: [], NOT_RUN: []}
    for claim in claims:
        scope = claim.scope
        if claim.measure.table not in tables or _empty(in_cast(claim.measure, cast)):
            found[NOT_RUN].append(claim.id)
        elif scope is not None and not any(scope.holds(*cell, setting) for cell in cells):
            found[OUTSIDE].append(claim.id)
        else:
            found[DECIDABLE if seeds >= rule.minimum_seeds else UNDECIDED].append(claim.id)
    return found


def _empty(measure: Measure) -> bool:
    """Whether a condition names parts that no method has."""
    sides = (measure.where, measure.of, measure.minus or {}, measure.over or {})
    return any(value == [] for side in sides for value in side.values())


def by_seeds(verdicts: pd.DataFrame) -> Mapping[int, list[str]]:
    """Ids of the claims undecided over all runs, by the number of seeds that would decide them, where that is known."""
    overall = verdicts[(verdicts["architecture"] == ALL) & (verdicts["verdict"] == UNDECIDED)]
    known = overall.dropna(subset=["seeds_needed"]).sort_values("seeds_needed", kind="stable")
    return {int(seeds): list(rows["id"]) for seeds, rows in known.groupby(known["seeds_needed"].astype(int))}
