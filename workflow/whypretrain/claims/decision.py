"""From claims and tables to verdicts: a row a claim over all runs, and one for each architecture and target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from whypretrain.claims.claim import EXCEEDED, Claim, Control, Measure, Range, Rule
from whypretrain.claims.parts import Cast, in_cast, missing_parts
from whypretrain.claims.runs import (
    RUN,
    estimate_excess,
    estimate_runs,
    estimate_samples,
    keyed,
    run_values,
    sample_sums,
    samples_error,
    scale_parts,
)
from whypretrain.claims.verdict import ALL, Row, correct, record
from whypretrain.config.parts import CAST
from whypretrain.config.setting import Setting
from whypretrain.errors import InputError

Tables = Mapping[str, pd.DataFrame]

_Cell = tuple[str, str]  # architecture and target
_Indexed = TypeVar("_Indexed", pd.Series, pd.DataFrame)
_NONE = pd.Series(dtype=np.float64, index=pd.MultiIndex.from_arrays([[], [], []], names=RUN))


@dataclass(frozen=True)
class _Settings:
    confidence: float
    resamples: int
    seed: int
    cast: Cast
    setting: Setting


def decide(
    claims: Sequence[Claim],
    tables: Tables,
    rule: Rule,
    *,
    cast: Cast = None,
    setting: Setting | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """The table of verdicts.

    Arguments:
        tables: by the names that the claims use; without its table a claim was not run.
        cast: the methods that have each part which claims name (see `config.roles.cast_of`); without it the parts are
            the methods' names.
        setting: what the networks, their pre-training and the data are (see `config.setting.setting_of`); published
            numbers are decided where it is the paper's, and nowhere without it.
        confidence: of the intervals and, over a family of claims together, of the verdicts.
        resamples, seed: of the hierarchical bootstrap.

    Returns:
        Columns id, paper, claim, where, kind, architecture, target (`all` for a row over all runs), statistic,
        estimate, low, high (not corrected), expected, p_adjusted (Holm), published, control,
        control_estimate, n_seeds, n_runs, n_samples, verdict, would_decide, seeds_needed, samples_needed (of undecided
        claims, see `claims.power`), figure, note.

    Raises:
        InputError: naming the claim whose measure does not fit its table, or a table without runs.
    """
    settings = _Settings(confidence, resamples, seed, cast, setting or {})
    by_name = {name: keyed(table, name) for name, table in tables.items()}
    rows = [row for claim in claims for row in _rows(claim, by_name, settings)]
    correct(rows)
    return pd.DataFrame([record(row, rule, confidence) for row in rows])


def _rows(claim: Claim, tables: Tables, settings: _Settings) -> list[Row]:
    """The row over all runs and, where there are several, those of each architecture and target."""
    measure = in_cast(claim.measure, settings.cast)
    try:
        values = _values(measure, tables)
        baselines = [_values(in_cast(control.measure, settings.cast), tables) for control in claim.controls]
    except InputError as error:
        raise InputError(f"claim {claim.id}: {error}; fix it in claims.yaml") from error
    if not values.notna().any():
        there = "no rows of this experiment fit the claim, or too few to define it"
        there = there if measure.table in tables else f"no table '{measure.table}'"
        return [Row(claim, ALL, ALL, notes=[there, _needed(claim, settings.cast)])]
    parts = _parts(measure, tables[measure.table])
    index = values.dropna().index
    cells = sorted(set(zip(*map(index.get_level_values, ("architecture", "target")), strict=True)))
    rows = [Row(claim, *cell) for cell in [(ALL, ALL), *(cells if len(cells) > 1 else [])]]
    for row in rows:
        chosen = _deciding(row, cells, settings.setting)
        _estimate(row, _of_cells(chosen, values), None if parts is None else _of_cells(chosen, parts), settings)
        for control, baseline in zip(claim.controls, baselines, strict=True):
            _hold_against(row, control, _of_cells(chosen, values), _of_cells(chosen, baseline), settings.confidence)
    return rows


def _deciding(row: Row, cells: Sequence[_Cell], setting: Setting) -> Sequence[_Cell] | None:
    """Architectures and targets that the row is about, None for all: of a published number those in its setting."""
    own = None if row.architecture == ALL else [(row.architecture, row.target)]
    if row.claim.scope is None:
        return own
    inside = [cell for cell in own or cells if row.claim.scope.holds(*cell, setting)]
    row.outside = not inside
    if own is None and 0 < len(inside) < len(cells):
        row.notes.append(f"{len(inside)} of {len(cells)} settings are the paper's, and decide")
    return inside or own


def _needed(claim: Claim, cast: Cast) -> str:
    """What an experiment has to bring for the claim to be testable."""
    missing = missing_parts(claim.measure, cast)
    needed = claim.needs or " and ".join(f"a method that is {CAST[part].label!r}" for part in missing)
    return f"needs {needed}" if needed else ""


def _values(measure: Measure, tables: Tables) -> pd.Series:
    """One value a run; none without the table."""
    table = tables.get(measure.table)
    return _NONE if table is None or table.empty else run_values(measure, table)


def _of_cells(cells: Sequence[_Cell] | None, values: _Indexed) -> _Indexed:
    """The values of the architectures and targets."""
    if cells is None:
        return values
    each = zip(*map(values.index.get_level_values, ("architecture", "target")), strict=True)
    return values[[cell in cells for cell in each]]


def _parts(measure: Measure, table: pd.DataFrame) -> pd.DataFrame | None:
    """What a ratio is made of, by run and sample, or of an excess by run; None where the runs' values are enough."""
    if measure.scaled:
        return scale_parts(measure, table)
    return sample_sums(measure, table) if measure.sampled and "sample" in table else None


def _estimate(row: Row, values: pd.Series, parts: pd.DataFrame | None, settings: _Settings) -> None:
    known = values.dropna()
    row.n_seeds = known.index.get_level_values("seed").nunique()
    if undefined := len(values) - len(known):
        row.notes.append(f"not defined in {undefined} of {len(values)} runs")
    if parts is None:
        row.estimate = estimate_runs(known, pool=row.claim.measure.pool)
    elif row.claim.measure.scaled:
        row.estimate = estimate_excess(parts)
        row.unscaled = bool(np.isinf(row.estimate.interval(settings.confidence).high))
    else:
        row.estimate = estimate_samples(parts, resamples=settings.resamples, seed=settings.seed)
        row.n_samples = len(parts.groupby(["target", "sample"]))
        row.within = samples_error(parts)


def _hold_against(row: Row, control: Control, values: pd.Series, baseline: pd.Series, confidence: float) -> None:
    """Set the control's estimate, and whether it undermines the claim."""
    first = control is row.claim.control
    if not baseline.notna().any():
        row.notes.append("its control was not run" if first else f"not run: {control.text}")
        return
    found = estimate_runs(baseline, pool=control.measure.pool)
    shown = found.interval(confidence)
    if first:
        row.control = shown.estimate
    else:
        row.notes.append(f"{control.text}: {shown.estimate:.3g} [{shown.low:.3g}, {shown.high:.3g}]")
    wanted = control.must
    if wanted == EXCEEDED:
        beyond = (values - baseline).dropna() * row.claim.expected.sign
        found, wanted = estimate_runs(beyond, pool="mean"), Range("> 0", 0.0, np.inf)
    if isinstance(wanted, Range):
        row.held.append((found, wanted))
