"""How every metric answers to changes whose effect is known: response to dose, placebos, smallest dose that shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.claims.runs import RUN, estimate_runs, keyed
from whypretrain.errors import InputError
from whypretrain.statistics import Interval, spearman

HELD_FORGETTING = "forgetting of frozen blocks beyond the model itself"
SUMMARY = ["intervention", "placebo", "metric", "n_runs", "spearman", "spearman_low", "spearman_high"]
SUMMARY += ["smallest_dose", "largest_dose", "change", "change_low", "change_high", "largest_move"]

Entry = Mapping[str, Any]
Tables = Mapping[str, pd.DataFrame]


def responses(tables: Tables, entries: Sequence[Entry], reference: str, scratch: str | None = None) -> pd.DataFrame:
    """Every metric of every changed model next to its value without the change, one row a run, change and metric.

    Args:
        tables: agreement, permutation_null, controls; layers, of images, or divergence, of text.
        entries: from `config.derived.interventions`.
        reference: the method that stands for the pre-trained model, which every metric compares with.
        scratch: the method trained from scratch, for the scratch ratio.

    Returns:
        Columns architecture, target, seed, intervention, placebo, method, dose, metric, value, without (the change; of
        the reference what a model has of itself), moved (their absolute difference). The dose 0 has rows, too.

    Raises:
        InputError: if there is no change, or a table lacks a column.
    """
    if not entries:
        raise InputError("no method is derived, frozen or pulled; see config/validity.yaml")
    values = pd.concat(_values(tables, reference, scratch)).rename("value").dropna()
    frames = []
    for entry in entries:
        keys = {key: entry[key] for key in ("intervention", "placebo", "method", "dose")}
        wide = pd.DataFrame({"value": _of(values, entry["method"]), "without": _of(values, entry["base"])}).dropna()
        frames.append(wide.reset_index().assign(**keys))
        zero = wide.assign(value=wide["without"]).reset_index()
        frames.append(zero.assign(**{**keys, "dose": 0.0, "method": entry["base"]}))
    found = pd.concat(frames, ignore_index=True).drop_duplicates([*RUN, "intervention", "metric", "dose"])
    found["moved"] = (found["value"] - found["without"]).abs()
    order = [*RUN, "intervention", "placebo", "method", "dose", "metric", "value", "without", "moved"]
    return pd.concat([found[order], *_held(tables, entries)], ignore_index=True)


def summary(rows: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """One row a change and metric: does it follow the dose, from which dose on, and how far does a placebo move it?

    Args:
        rows: from `responses`.
        confidence: of the intervals, over runs.

    Returns:
        Columns intervention, placebo, metric, n_runs, spearman (of dose and value within a run, mean over runs) with
        its interval, smallest_dose (from which on the change from dose 0 has an interval without 0; NaN where none
        has), largest_dose with its mean change and interval, largest_move (largest absolute change).
    """
    found = [
        _summed(str(intervention), str(metric), own, confidence)
        for (intervention, metric), own in rows.groupby(["intervention", "metric"], sort=False)
    ]
    return pd.DataFrame(found, columns=SUMMARY)


def _summed(intervention: str, metric: str, rows: pd.DataFrame, level: float) -> dict[str, object]:
    runs = {run: own.sort_values("dose") for run, own in rows.groupby(RUN)}
    ranks = pd.Series({run: spearman(own["dose"], own["value"]) for run, own in runs.items()}, dtype=np.float64)
    follows = _over_runs(ranks, level)
    changes: dict[float, Interval] = {
        float(str(dose)): _over_runs((own["value"] - own["without"]).set_axis(own[RUN].apply(tuple, axis=1)), level)
        for dose, own in rows[rows["dose"] > 0].groupby("dose")
    }
    smallest = np.nan
    for dose in sorted(changes, reverse=True):
        if not (changes[dose].low > 0 or changes[dose].high < 0):
            break
        smallest = dose
    last = changes[max(changes)]
    return {
        "intervention": intervention,
        "placebo": bool(rows["placebo"].iloc[0]),
        "metric": metric,
        "n_runs": len(runs),
        "spearman": follows.estimate,
        "spearman_low": float(np.clip(follows.low, -1, 1)),
        "spearman_high": float(np.clip(follows.high, -1, 1)),
        "smallest_dose": smallest,
        "largest_dose": max(changes),
        "change": last.estimate,
        "change_low": last.low,
        "change_high": last.high,
        "largest_move": float(rows["moved"].max()),
    }


def _over_runs(values: pd.Series, confidence: float) -> Interval:
    values.index = pd.MultiIndex.from_tuples(values.index, names=RUN)
    return estimate_runs(values, pool="mean").interval(confidence)


def _of(values: pd.Series, method: str) -> pd.Series:
    there = values.index.get_level_values("method")
    return values.xs(method, level="method") if method in there else values.iloc[:0].droplevel("method")


def _values(tables: Tables, reference: str, scratch: str | None) -> Iterator[pd.Series]:
    """Values by run, method and metric; the reference has what a model has of itself."""
    start = f"{reference}_vs_"
    agreement = keyed(tables["agreement"], "agreement").assign(method=lambda t: _second(t["kind"], start, reference))
    for degree in ("1", "2", "3", "all"):
        metric = "agreement, all degrees" if degree == "all" else f"agreement, degree {degree}"
        yield _by_method(agreement[agreement["degree"].astype(str) == degree], "agreement", metric)
    controls = keyed(tables["controls"], "controls").assign(method=lambda t: _second(t["kind"], start, reference))
    yield _by_method(controls, "similarity", "interaction similarity")
    null = keyed(tables["permutation_null"], "permutation_null").rename(columns={"model": "method"})
    null = null[null["order"].astype(str) == "all"]
    share = null[null["measure"] == "share"]
    own = share.drop_duplicates(RUN).assign(method=reference, measured=1.0)
    yield _by_method(pd.concat([share, own]), "measured", "preserved share")
    whole = share[share["method"] == scratch].assign(method=reference)  # of itself a model preserves everything
    yield _by_method(pd.concat([null[null["measure"] == "scratch_ratio"], whole]), "measured", "scratch ratio")
    for name in ("layers", "divergence"):
        if name in tables:
            yield from _of_layers(keyed(tables[name], name).rename(columns={"model": "method"}), reference)


def _of_layers(layers: pd.DataFrame, reference: str) -> Iterator[pd.Series]:
    """Means over layers; text has no inverted inputs, so its CKA divergence alone."""
    layers = layers[layers["estimator"] == "biased"]
    itself = layers.drop_duplicates([*RUN, "layer"]).assign(method=reference, cka_divergence=0.0)
    yield _by_method(pd.concat([layers, itself]), "cka_divergence", "CKA divergence")
    if "forgetting" in layers:
        itself = itself.assign(forgetting=1 - itself["self_pre"], learning=1 - itself["self_pre"])
        for column in ("forgetting", "learning"):
            yield _by_method(pd.concat([layers, itself]), column, column)


def _held(tables: Tables, entries: Sequence[Entry]) -> Iterator[pd.DataFrame]:
    """Forgetting of frozen blocks, the model's own self value in place of 1: 0 where nothing was forgotten."""
    for entry in entries:
        if entry["intervention"] != "frozen blocks" or "layers" not in tables:
            continue
        layers = keyed(tables["layers"], "layers")
        rows = layers[(layers["model"] == entry["method"]) & (layers["estimator"] == "biased")]
        rows = rows[rows["layer"] <= entry["dose"]]
        found = rows.groupby(RUN)["corrected_forgetting"].mean().rename("value").reset_index()
        keys = {key: entry[key] for key in ("intervention", "placebo", "method", "dose")}
        yield found.assign(**keys, metric=HELD_FORGETTING, without=0.0, moved=found["value"].abs())


def _second(kind: pd.Series, start: str, reference: str) -> pd.Series:
    """The model that a pair compares with the reference; the reference itself in pairs of it with itself."""
    found = kind.where(kind.str.startswith(start)).str.removeprefix(start)
    return found.where(kind != "self", reference)


def _by_method(rows: pd.DataFrame, column: str, metric: str) -> pd.Series:
    found = rows.dropna(subset=["method"]).groupby([*RUN, "method"])[column].mean()
    return pd.concat({metric: found}, names=["metric"])
