"""Every metric between its floor and its ceiling: excess = (measured - floor) / (ceiling - floor), run by run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from whypretrain.claims.claim import Measure
from whypretrain.claims.fieller import NO_SCALE, excess
from whypretrain.claims.parts import Cast, in_cast
from whypretrain.claims.reading import SHIPPED, read_measure
from whypretrain.claims.runs import RUN, estimate_runs, keyed, run_values
from whypretrain.claims.verdict import ALL
from whypretrain.errors import InputError

COLUMNS = ["metric", "model", "architecture", "target", "measured", "floor", "floor_is", "ceiling", "ceiling_is"]
COLUMNS += ["excess", "low", "high", "measured_low", "measured_high", "n_seeds", "references", "note"]


@dataclass(frozen=True)
class Scale:
    """A metric of one model with its floor, its ceiling and what is shown next to them, each with its name."""

    metric: str
    model: str
    measured: Measure
    floor: tuple[str, Measure]
    ceiling: tuple[str, Measure]
    references: tuple[tuple[str, Measure], ...] = ()
    sign: int = 1  # -1 where the floor is the larger value


def load_scales(path: Path | None = None) -> list[Scale]:
    """Read the metrics with their floors and ceilings, by default the shipped ones.

    Raises:
        InputError: if the file is not readable or an entry lacks a key.
    """
    path = path or SHIPPED / "scales.yaml"
    try:
        content = yaml.safe_load(path.read_text())
        return [
            _scale(entry, model, degree)
            for entry in content["metrics"]
            for degree in (content["degrees"] if "DEGREE" in entry["metric"] else [""])
            for model in content["models"]
        ]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a YAML file of metrics with their floors and ceilings ({error})") from error


def scale_table(
    scales: Sequence[Scale], tables: Mapping[str, pd.DataFrame], *, cast: Cast = None, confidence: float = 0.95
) -> pd.DataFrame:
    """One row a metric and model over all runs, and one for each architecture and target where there are several.

    Args:
        scales: from `load_scales`.
        tables: by the names that the measures use.
        cast: the methods that have each part.
        confidence: of the intervals.

    Returns:
        `COLUMNS`: measured, floor, ceiling (means over runs, the first with its bounds over seeds), excess with its
        bounds (NaN without a ceiling, or without a scale, which `note` says), references in words.
    """
    by_name = {name: keyed(table, name) for name, table in tables.items()}
    rows = [row for scale in scales for row in _rows(scale, by_name, cast, confidence)]
    return pd.DataFrame(rows, columns=COLUMNS)


def scale_runs(scales: Sequence[Scale], tables: Mapping[str, pd.DataFrame], *, cast: Cast = None) -> pd.DataFrame:
    """What claims on the excess are decided from: one row a run, metric and model.

    Returns:
        Columns architecture, target, seed, metric, model, above (measured - floor) and span (ceiling - floor), which
        are positive where the metric is above its floor, also of divergences. Runs without a ceiling are left out.
    """
    by_name = {name: keyed(table, name) for name, table in tables.items()}
    found = [pd.DataFrame(columns=[*RUN, "metric", "model", "above", "span"])]
    for scale in scales:
        runs = scale.sign * _of_runs(scale, by_name, cast).dropna()
        if len(runs):
            values = {"above": runs["measured"] - runs["floor"], "span": runs["ceiling"] - runs["floor"]}
            rows = pd.DataFrame(values).reset_index()
            found.append(rows.assign(metric=scale.metric, model=_method(scale, cast)))
    return pd.concat(found[1:] or found, ignore_index=True)


def _scale(entry: Mapping[str, Any], model: str, degree: str) -> Scale:
    def measure(given: Any) -> Measure:
        return read_measure(_filled(given, {"MODEL": model, "DEGREE": degree}))

    def named(given: Mapping[str, Any]) -> tuple[str, Measure]:
        return given["text"], measure(given["measure"])

    return Scale(
        entry["metric"].replace("degree DEGREE", "all degrees" if degree == ALL else f"degree {degree}"),
        model,
        measure(entry["measured"]),
        named(entry["floor"]),
        named(entry["ceiling"]),
        tuple(map(named, entry.get("references", ()))),
        entry.get("sign", 1),
    )


def _filled(given: Any, words: Mapping[str, str]) -> Any:
    if isinstance(given, dict):
        return {key: _filled(value, words) for key, value in given.items()}
    if isinstance(given, str):
        for word, value in words.items():
            given = given.replace(word, value)
    return given


def _rows(
    scale: Scale, tables: Mapping[str, pd.DataFrame], cast: Cast, confidence: float
) -> Iterator[dict[str, object]]:
    runs = _of_runs(scale, tables, cast)
    others = [_values(in_cast(each, cast), tables) for _, each in scale.references]
    model = _method(scale, cast)
    cells = sorted(set(zip(*(runs.index.get_level_values(key) for key in RUN[:2]), strict=True)))
    for architecture, target in [(ALL, ALL), *(cells if len(cells) > 1 else [])] if cells else []:
        own = runs if architecture == ALL else runs.xs((architecture, target), level=(0, 1), drop_level=False)
        known = own.dropna().groupby(["architecture", "seed"]).mean()  # the targets of one seed share weights
        strata = known.index.get_level_values("architecture").tolist()
        top, low, bottom = (scale.sign * known[name].to_numpy() for name in ("measured", "floor", "ceiling"))
        found = excess(top, low, bottom, strata, confidence)
        without = own["ceiling"].isna().all()
        note = f"no ceiling: not run is {scale.ceiling[0]}" if without else NO_SCALE if np.isinf(found.high) else ""
        shown = {name: estimate_runs(own[name], pool="mean") for name in ("measured", "floor", "ceiling")}
        bounds = shown["measured"].interval(confidence)
        yield {
            **{"metric": scale.metric, "model": model, "architecture": architecture, "target": target},
            **{name: each.value for name, each in shown.items()},
            **{"measured_low": bounds.low, "measured_high": bounds.high},
            **{"floor_is": scale.floor[0], "ceiling_is": scale.ceiling[0], "note": note},
            **{"excess": found.estimate, "low": _finite(found.low), "high": _finite(found.high)},
            "n_seeds": own.index.get_level_values("seed").nunique(),
            "references": "; ".join(
                f"{text} {estimate_runs(values.reindex(own.index), pool='mean').value:.3f}"
                for (text, _), values in zip(scale.references, others, strict=True)
                if values.reindex(own.index).notna().any()
            ),
        }


def _of_runs(scale: Scale, tables: Mapping[str, pd.DataFrame], cast: Cast) -> pd.DataFrame:
    """Measured, floor and ceiling (NaN: there is none) of every run."""
    measures = {"measured": scale.measured, "floor": scale.floor[1], "ceiling": scale.ceiling[1]}
    found = {name: _values(in_cast(each, cast), tables) for name, each in measures.items()}
    return pd.DataFrame(found).dropna(subset=["measured", "floor"])


def _method(scale: Scale, cast: Cast) -> str:
    return scale.model if cast is None else (cast.get(scale.model) or [scale.model])[0]


def _finite(value: float) -> float:
    return value if np.isfinite(value) else np.nan


def _values(measure: Measure, tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """One number a run; none where the experiment has no such table, column or rows."""
    none = pd.Series(dtype=np.float64, index=pd.MultiIndex.from_arrays([[], [], []], names=RUN))
    table = tables.get(measure.table)
    if table is None or table.empty or not set(itertools.chain(measure.options.values())) <= set(table):
        return none
    return run_values(measure, table)
