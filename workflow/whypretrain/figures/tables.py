"""What figures read: the tables' columns, checked once, and the few selections that all figures make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.errors import InputError
from whypretrain.figures.wording import wide
from whypretrain.runtime import files
from whypretrain.statistics import Estimate, Interval, seed_interval

_CELL = ("target", "architecture", "seed")
_STUDY = ("pretraining", "target")

COLUMNS: dict[str, tuple[str, ...]] = {
    "runs": (*_CELL, "method", "accuracy"),
    "pretraining": ("source", "architecture", "seed", "accuracy"),
    "select": (*_CELL, "rule", "rank", "class_index", "class_name", "concept", "score", "selected"),
    "knowledge": (
        *_CELL, "model", "sample", "normalised", "threshold", "order",
        "pre", "tuned", "preserved", "discarded", "new", "scratch_shared",
    ),
    "similarity": (*_CELL, "method", "step", "group", "similarity"),
    "sparsity": (*_CELL, "model", "rank_fraction", "strength"),
    "controls": ("kind", "target", "architecture", "seed_a", "seed_b", "share", "new_share", "of_preserved"),
    "agreement": ("kind", "target", "architecture", "seed_a", "seed_b", "a", "b", "degree", "agreement"),
    "agreement_dynamics": (*_CELL, "method", "step", "towards", "degree", "agreement"),
    "commonality": (*_CELL, "model", "degree", "unique_pretrained", "common", "unique_scratch", "new"),
    "permutation_null": (*_CELL, "model", "measure", "order", "measured", "chance"),
    "matching": (*_CELL, "model", "threshold", "salient_per_sample", "matching_error"),
    "sensitivity": (
        *_CELL, "model", "reference", "players", "threshold", "normalised", "variant",
        "preserve_share", "new_share", "scratch_ratio",
    ),
    "strongest": (
        *_CELL, "model", "sample", "kind", "rank", "coalition", "order", "effect", "change", "random_change",
    ),
    "layers": (
        *_CELL, "model", "layer", "estimator", "forgetting", "learning", "cka_divergence",
        "self_pre", "self_tuned", "seed_level", "permuted", "seed_level_learning", "permuted_learning",
    ),
    "divergence": (*_CELL, "model", "layer", "estimator", "cka_divergence", "cka_permuted"),
    "flow": (*_CELL, "model", "estimator", "reference_layer", "tested_layer", "flow", "null_flow", "excess"),
    "across": (
        *_CELL, "method", "accuracy", "preserved", "forgetting_early", "forgetting_late", "cka_early", "cka_late",
    ),
    "starts": (*_CELL, "finetuned", "probe"),
    "predictors": ("measure", "known", "starts", "targets", "correlation", "beyond", "adds"),
    "scale": ("metric", "model", *_CELL[:2], "excess", "low", "high", "floor_is", "ceiling_is", "n_seeds"),
    "validity": (*_CELL, "intervention", "placebo", "dose", "metric", "value", "moved"),
    "changed_weights": (
        *_CELL, "model", "block", "layer", "relative_change", "unrelated_change", "cosine",
        "effective_rank", "random_rank",
    ),
    "changed_images": (
        *_CELL, "model", "sample", "class_name", "class_before", "probability_before",
        "class_after", "probability_after", "divergence", "chance",
    ),
    "target_sizes": (*_CELL, "method", "variant", "train_size", "gain"),
    "tuning": (*_CELL, "method", "trial", "fold", "held_out", "accuracy", "chosen"),
    "study_masses": (*_STUDY, "rank", "score"),
    "study_summary": (*_STUDY, "rule", "classes"),
    "study_overlap": (*_STUDY, "rule", "other_rule", "shared"),
    "study_sensitivity": (*_STUDY, "setting", "value", "classes", "birds"),
    "study_concepts": (*_STUDY, "rule", "concept", "classes", "chosen"),
    "published_uot": ("quantity", "value"),
    "published_interactions": ("quantity", "value_low", "value_high"),
    "published_layers": ("target_dataset", "pretraining", "task", "metric", "layer", "value"),
    "layer_dynamics": (*_CELL, "model", "step", "metric", "layer", "estimator", "value"),
    "published_dynamics": ("target_dataset", "metric", "layer", "severity", "epoch", "value"),
    "corrupted": (*_CELL, "model", "step", "corruption", "severity", "accuracy"),
    "robustness": (*_CELL, "model", "estimator", "first_step", "pearson_r"),
    "published_growing": ("target_dataset", "n_epochs", "pearson_r"),
    "published_optimisers": (
        "optimizer", "lr", "augmentation", "sigma_first", "sigma_last",
        "accuracy_first", "accuracy_last", "pearson_r_recomputed",
    ),
    "published_correlations": ("pretraining", "target_dataset", "task", "pearson_r_recomputed"),
    "published_accuracy": ("pretraining", "target_dataset", "task", "accuracy", "pretraining_accuracy"),
    "published_flow": ("target_dataset", "task", "pt_layer", "ft_layer", "value"),
}  # fmt: skip


def read(name: str, paths: Sequence[str | Path]) -> pd.DataFrame:
    """The table `name` from one or more CSV files, put together in the order given.

    Raises:
        InputError: if a file cannot be read, a column is missing, or there is no row.
    """
    parts = [_checked(name, path) for path in paths]
    return pd.concat(parts, ignore_index=True)


def only(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """The rows that have each value in its column."""
    chosen = np.ones(len(table), dtype=bool)
    for column, value in values.items():
        chosen &= (table[column] == value).to_numpy()
    return table[chosen]


def some(table: pd.DataFrame, what: str, **values: object) -> pd.DataFrame:
    """`only`, but an error where nothing is left.

    Raises:
        InputError: naming the table, the value that is missing and those that there are.
    """
    for column, value in values.items():
        if not (table[column] == value).any():
            there = ", ".join(map(str, table[column].unique()[:12]))
            raise InputError(f"{what}: no row with {column} {value!r}; there are {there}")
    found = only(table, **values)
    if found.empty:
        wanted = ", ".join(f"{column} {value!r}" for column, value in values.items())
        raise InputError(f"{what}: no row with {wanted} together; run that part of the experiment, or choose another")
    return found


def known(mapping: Mapping[str, Any], name: str, what: str) -> Any:
    """The entry of a mapping.

    Raises:
        InputError: naming what is missing and what there is.
    """
    if name not in mapping:
        raise InputError(f"{what}: nothing for {name!r}; there is {', '.join(mapping) or 'none'}")
    return mapping[name]


def cells(table: pd.DataFrame) -> list[tuple[str, str]]:
    """(architecture, target) of each panel, in the table's order of architectures, then targets."""
    pairs = set(zip(table["architecture"], table["target"], strict=True))
    architectures, targets = table["architecture"].unique(), table["target"].unique()
    return [pair for pair in product(architectures, targets) if pair in pairs]


def in_cell(table: pd.DataFrame, cell: tuple[str, str]) -> pd.DataFrame:
    """The rows of one (architecture, target)."""
    return only(table, architecture=cell[0], target=cell[1])


def cell_title(cell: tuple[str, str]) -> str:
    """Title of a panel."""
    return f"{cell[0]} · {cell[1]}"


def row(cell: tuple[str, str], interval: Interval, **more: object) -> dict[str, Any]:
    """One row of the table that a figure shows."""
    bounds = {"estimate": interval.estimate, "low": interval.low, "high": interval.high}
    return {"architecture": cell[0], "target": cell[1], **more, **bounds}


def by_seed(table: pd.DataFrame, keys: Sequence[str], value: str, confidence: float) -> pd.DataFrame:
    """Mean over seeds with its t interval for each combination of `keys`: columns keys, estimate, low, high.

    Rows of one seed are averaged first, so that a seed counts once. Where there is one seed alone, which was measured
    on several draws (columns repeats, `value`_sd), the interval is that over its draws.
    """
    if over_draws(table, value) and not table.duplicated(list(keys)).any():
        return _by_draw(table, keys, value, confidence)
    runs = table.groupby([*keys, "seed"], sort=False, as_index=False)[value].mean()
    rows = []
    for key, group in runs.groupby(list(keys), sort=False):
        interval = seed_interval(group[value].to_numpy(), confidence)
        rows.append((*key, interval.estimate, interval.low, interval.high))  # type: ignore[misc]
    return pd.DataFrame(rows, columns=[*keys, "estimate", "low", "high"])


def over_draws(table: pd.DataFrame, value: str) -> bool:
    """Whether one seed alone was measured, on several draws of images and noise."""
    return f"{value}_sd" in table and table["seed"].nunique() == 1


def _by_draw(table: pd.DataFrame, keys: Sequence[str], value: str, confidence: float) -> pd.DataFrame:
    told = zip(table[value], table[f"{value}_sd"], table["repeats"], strict=True)
    found = [Estimate(mean, sd / n**0.5, n - 1, n).interval(confidence) for mean, sd, n in told]
    low, high = [one.low for one in found], [one.high for one in found]
    return table[list(keys)].assign(estimate=table[value], low=low, high=high).reset_index(drop=True)


def matrix(table: pd.DataFrame, column: str) -> np.ndarray:
    """A column as (seeds, samples): the sum over the rows of each pair, NaN where there is none."""
    seed, all_seeds = pd.factorize(table["seed"])
    sample, all_samples = pd.factorize(table["sample"])
    sums = np.zeros((len(all_seeds), len(all_samples)))
    np.add.at(sums, (seed, sample), table[column].to_numpy(dtype=float))
    known = np.zeros(sums.shape, dtype=bool)
    known[seed, sample] = True
    return np.where(known, sums, np.nan)


def count(number: int, thing: str) -> str:
    """`3 seeds`, `1 seed`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def extent(numbers: pd.Series) -> str:
    """`20`, or `18 to 20` where they differ."""
    if numbers.empty:
        return "none"
    low, high = int(numbers.min()), int(numbers.max())
    return f"{high}" if low == high else f"{low} to {high}"


def seeds(table: pd.DataFrame) -> str:
    """How many seeds there are, for the note; a range where the panels differ."""
    numbers = table.groupby(["architecture", "target"])["seed"].nunique()
    return f"n = {extent(numbers)} seed{'' if numbers.max() == 1 else 's'}"


def interval_words(confidence: float, kind: str, *, repeated: bool) -> str:
    """What the error bars are; that there are none where there is one seed only."""
    return f"{100 * confidence:g} % {kind}" if repeated else "no interval from one seed"


def seed_words(rows: pd.DataFrame, confidence: float) -> str:
    """What the intervals of `by_seed` are, over seeds; how wide they are for few."""
    bars = interval_words(confidence, "t-interval over seeds", repeated=repeated(rows))
    return bars + wide(int(rows.groupby(["architecture", "target"])["seed"].nunique().min()), confidence)


def measured_words(rows: pd.DataFrame, value: str, confidence: float) -> str:
    """What the bands of `by_seed` are, over seeds or over one seed's draws."""
    if over_draws(rows, value):
        return interval_words(confidence, "t-interval over draws of images and noise", repeated=True)
    return seed_words(rows, confidence)


def repeated(table: pd.DataFrame) -> bool:
    """Whether any panel has more than one seed."""
    return bool(table.groupby(["architecture", "target"])["seed"].nunique().max() > 1)


def _checked(name: str, path: str | Path) -> pd.DataFrame:
    table = files.read_table(path)
    if missing := [column for column in COLUMNS[name] if column not in table]:
        raise InputError(
            f"{path}: not a {name} table, no column {', '.join(missing)}; run the stage that makes it again"
        )
    if table.empty:
        raise InputError(f"{path}: the {name} table has no row; run the stage that makes it with at least one model")
    return table
