"""Before a run: which claims an experiment can decide at all; after one: what more seeds would decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from whypretrain.claims.claim import Claim, Measure, Rule
from whypretrain.claims.parts import Cast, in_cast, named_in
from whypretrain.claims.scale import Scale
from whypretrain.claims.verdict import ALL, NOT_RUN, OUTSIDE, UNDECIDED
from whypretrain.config.parts import CONTROLS
from whypretrain.config.setting import Setting

DECIDABLE = "can be decided"
SCALE = "scale"  # the table that claims on the excess are decided from


def decidable(
    claims: Sequence[Claim],
    rule: Rule,
    *,
    tables: Collection[str],
    cast: Cast,
    controls: Collection[str],
    scales: Sequence[Scale],
    setting: Setting,
    cells: Sequence[tuple[str, str]],
    seeds: int,
) -> dict[str, list[str]]:
    """Ids of the claims by what they can come to: DECIDABLE, UNDECIDED (too few seeds), NOT_RUN or OUTSIDE.

    Args:
        tables: names of the tables that the experiment brings.
        cast: the methods that have each part (see `config.roles.cast_of`).
        controls: those of `config.parts.CONTROLS` that the experiment scores.
        scales: what the excess of each metric is made from (see `load_scales`).
        setting: see `config.setting.setting_of`.
        cells: architecture and target of the experiment's runs.
        seeds: of each.
    """
    found: dict[str, list[str]] = {DECIDABLE: [], UNDECIDED: [], OUTSIDE: [], NOT_RUN: []}
    for claim in claims:
        scope = claim.scope
        measures = _made_from(claim.measure, scales)
        if not measures or not all(_measured(each, tables, cast, controls) for each in measures):
            found[NOT_RUN].append(claim.id)
        elif scope is not None and not any(scope.holds(*cell, setting) for cell in cells):
            found[OUTSIDE].append(claim.id)
        else:
            found[DECIDABLE if seeds >= rule.minimum_seeds else UNDECIDED].append(claim.id)
    return found


def _made_from(measure: Measure, scales: Sequence[Scale]) -> list[Measure]:
    """The measure itself; of an excess the measured values, the floor and the ceiling of its metric and models."""
    if measure.table != SCALE:
        return [measure]
    sides = [{**measure.where, **side} for side in (measure.of, measure.minus) if side is not None]
    return [
        each
        for scale in scales
        if {"metric": scale.metric, "model": scale.model} in sides
        for each in (scale.measured, scale.floor[1], scale.ceiling[1])
    ]


def _measured(measure: Measure, tables: Collection[str], cast: Cast, controls: Collection[str]) -> bool:
    """Whether the experiment has the table, a method for every part, and every control that the measure names."""
    lacks_part = any(value == [] for side in in_cast(measure, cast).conditions for value in side.values())
    lacks_control = any(name in CONTROLS and name not in controls for name in named_in(measure))
    return measure.table in tables and not lacks_part and not lacks_control


def by_seeds(verdicts: pd.DataFrame) -> Mapping[int, list[str]]:
    """Ids of the claims undecided over all runs, by the number of seeds that would decide them, where that is known."""
    overall = verdicts[(verdicts["architecture"] == ALL) & (verdicts["verdict"] == UNDECIDED)]
    known = overall.dropna(subset=["seeds_needed"]).sort_values("seeds_needed", kind="stable")
    return {int(seeds): list(rows["id"]) for seeds, rows in known.groupby(known["seeds_needed"].astype(int))}
