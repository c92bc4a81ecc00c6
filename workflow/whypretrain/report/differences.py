"""What a model trained elsewhere kept, lost and gained, each number next to its control and its chance level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.config.methods import is_imported
from whypretrain.config.parts import REINITIALISED_PROBE, Role
from whypretrain.config.roles import roles_of
from whypretrain.runtime.files import read_table
from whypretrain.statistics import Estimate, Interval, sample_interval

_ORDERS = ("1", "2", "3", "all")  # of agreement and of interactions


@dataclass(frozen=True)
class Row:
    """One number.

    Attributes:
        what: what is measured.
        place: degree, order or layer.
        found: with bounds over images, where there are any.
        itself: what a model compared with itself has.
        chance: what unrelated models or images have; NaN where it is not known.
        untrained: what a linear probe on an untrained backbone has in place of the model; NaN where it is not measured.
    """

    what: str
    place: str
    found: Interval
    itself: float
    chance: float
    untrained: float = np.nan


@dataclass(frozen=True)
class Difference:
    """All that is said about one model on one target.

    Attributes:
        title: method, architecture and target.
        probe: the method that stands for the pre-trained model.
        answers: rows by question: kept, lost, gained.
        seeds: how many seeds there are; what is shown is that of the first.
    """

    title: str
    probe: str
    answers: Mapping[str, list[Row]]
    seeds: int


def differences(results: Path, config: Mapping[str, Any]) -> list[Difference]:
    """One entry for each imported method, architecture and target, from the tables that are there.

    Raises:
        InputError: if a table cannot be read.
    """
    methods = config.get("grid", {}).get("methods", [])
    known = config.get("train", {}).get("methods", {})
    imported = [method for method in methods if method in known and is_imported(dict(config), method)]
    probe = roles_of(dict(config)).get(Role.REFERENCE) if imported else None
    if probe is None:
        return []
    estimator = config.get("figures", {}).get("estimator", "biased")
    return [
        _difference(_Tables(results, target, architecture, method, probe, estimator), len(config["grid"]["seeds"]))
        for target in config["grid"]["targets"]
        for architecture in config["grid"]["architectures"]
        for method in imported
    ]


@dataclass(frozen=True)
class _Tables:
    """The rows of one model in the tables, first seed."""

    results: Path
    target: str
    architecture: str
    method: str
    probe: str
    estimator: str

    def read(self, name: str, **values: object) -> pd.DataFrame:
        path = self.results / name
        if not path.is_file():
            return pd.DataFrame()
        table = read_table(path).rename(columns={"seed_a": "seed"})
        wanted = {"target": self.target, "architecture": self.architecture, **values}
        for column, value in wanted.items():
            table = table[table[column] == value]
        return table[table["seed"] == table["seed"].min()]

    @property
    def layers(self) -> pd.DataFrame:
        folder = self.results / "invariances" / self.target / self.architecture
        first = min(folder.glob("*/layers.csv"), key=lambda path: int(path.parent.name), default=None)
        if first is None:
            return pd.DataFrame()
        return self.read(str(first.relative_to(self.results)), model=self.method, estimator=self.estimator)


def _difference(given: _Tables, seeds: int) -> Difference:
    answers: dict[str, list[Row]] = {"kept": list(_agreement(given)), "lost": [], "gained": []}
    for question, row in [*_knowledge(given), *_layers(given)]:
        answers[question].append(row)
    return Difference(f"{given.method}, {given.architecture} on {given.target}", given.probe, answers, seeds)


def _agreement(given: _Tables) -> Iterator[Row]:
    """Agreement by degree; by chance what the probe and this model share on different images."""
    table = given.read("interactions/agreement.csv", a=given.probe)
    if table.empty:
        return
    table = table.assign(degree=table["degree"].astype(str)).dropna(subset="agreement")
    floor = table[table["b"] == REINITIALISED_PROBE].set_index("degree")["agreement"]
    table = table[table["b"] == given.method]
    other = table[table["kind"] == "other_image"].set_index("degree")["agreement"]
    for _, row in table[(table["kind"] != "other_image") & table["degree"].isin(_ORDERS)].iterrows():
        found = Interval(row["agreement"], row["low"], row["high"])
        chance, untrained = (each.get(row["degree"], np.nan) for each in (other, floor))
        yield Row("agreement over masked images", f"degree {row['degree']}", found, 1, chance, untrained)


def _knowledge(given: _Tables) -> Iterator[tuple[str, Row]]:
    """Fractions of interaction strength by order; by chance what they are with effects permuted among sets."""
    table = given.read("interactions/knowledge.csv", model=given.method, normalised=True)
    null = given.read("interactions/permutation_null.csv", measure="share")
    if table.empty or null.empty:
        return
    null = null.assign(order=null["order"].astype(str)).set_index("order")
    shares = null.loc[null["model"] == given.method, "chance"]
    floor = null.loc[null["model"] == REINITIALISED_PROBE, "measured"]
    table = table[table["part"] == table["part"].iloc[0]]
    for order in _ORDERS:
        rows = table if order == "all" else table[table["order"].astype(str) == order]
        sums = rows.groupby("sample")[["pre", "tuned", "preserved", "discarded", "new"]].sum()
        chance, (pre, tuned) = shares.get(order, np.nan), sums[["pre", "tuned"]].sum()
        if not pre or not tuned:
            continue
        untrained = floor.get(order, np.nan)
        for question, part, whole, *controls in (
            ("kept", "preserved", "pre", 1, chance, untrained),
            ("lost", "discarded", "pre", 0, 1 - chance, 1 - untrained),
            ("gained", "new", "tuned", 0, 1 - chance * pre / tuned),
        ):
            of = "pre-trained" if whole == "pre" else "fine-tuned"
            found = sample_interval(sums[part], sums[whole])
            yield question, Row(f"{part} fraction of {of} interactions", f"order {order}", found, *controls)


def _layers(given: _Tables) -> Iterator[tuple[str, Row]]:
    """Forgetting and learning by layer, with CKA; by chance what permuted images give."""
    for _, row in given.layers.iterrows():
        place = str(row["layer_name"])
        yield "lost", Row("forgetting", place, _drawn(row, "forgetting"), 1 - row["self_pre"], 1 - row["permuted"])
        learned = _drawn(row, "learning")
        yield "gained", Row("learning", place, learned, 1 - row["self_tuned"], 1 - row["permuted_learning"])
        cka, chance = _drawn(row, "cka_divergence"), 1.0 if given.estimator == "unbiased" else np.nan
        yield "kept", Row("CKA", place, Interval(1 - cka.estimate, 1 - cka.high, 1 - cka.low), 1, 1 - chance)


def _drawn(row: pd.Series, column: str) -> Interval:
    """With the interval over draws of images and noise, where there were several."""
    if f"{column}_sd" not in row or row["repeats"] < 2:
        return Interval(row[column], np.nan, np.nan)
    repeats = int(row["repeats"])
    return Estimate(row[column], row[f"{column}_sd"] / repeats**0.5, repeats - 1, repeats).interval()
