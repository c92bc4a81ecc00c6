"""Tables of what the scores of one run show: knowledge per order, similarity over training, sparsity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.interactions.effects import Effects
from whypretrain.interactions.knowledge import KnowledgeSplit, Rule, preserved_effects, ratio_of_sums, split_salient
from whypretrain.interactions.salience import salient
from whypretrain.interactions.similarity import (
    area_under_curve,
    detour,
    interaction_similarity,
    order_groups,
    step_to_reach,
    strength_curve,
)
from whypretrain.interactions.transforms import by_order, zeta


def knowledge_table(
    effects: Effects,
    *,
    reference: str,
    scratch: str | None,
    threshold: float = 0.05,
    normalise: bool = True,
    rule: Rule = "effect",
) -> pd.DataFrame:
    """Preserved, discarded and new knowledge of each model against the reference, one row a sample and order.

    `part` is "and", or "or" for the OR effects of an AND-OR split: sums over it are what counts.
    `scratch_shared` is the part of the preserved knowledge that the model called `scratch` has too; NaN
    without one.
    """
    names, split, shared = _split(effects, reference, scratch, rule, threshold=threshold, normalise=normalise)
    axes = {
        "model": names,
        "part": effects.parts,
        "sample": effects.archive.about["samples"],
        "order": range(1, effects.n + 1),
    }
    values = {name: getattr(split, name) for name in ("pre", "tuned", "preserved", "discarded", "new")}
    table = _tidy(effects.archive.run, axes, {**values, "scratch_shared": shared})
    table.insert(6, "threshold", threshold)
    table.insert(6, "normalised", normalise)
    return table


def sensitivity_table(
    effects: Effects,
    *,
    references: Sequence[str],
    scratch: str | None,
    thresholds: Sequence[float] = (0.0, 0.01, 0.03, 0.05, 0.1),
    players: Sequence[int] = (),
    rule: Rule = "effect",
) -> pd.DataFrame:
    """Total shares of each model for every reference, threshold, normalisation and number of players.

    `players` are sizes below n: the game of the first so many players, the others shown. `n_undefined` counts
    samples in which the reference has no salient effect, so that no share is defined.
    """
    rows = []
    for game in [effects, *(effects.restricted(n) for n in players if n < effects.n)]:
        for reference in references:
            for threshold in thresholds:
                for normalise in (True, False):
                    split = _split(game, reference, scratch, rule, threshold=threshold, normalise=normalise)
                    about = {"reference": reference, "players": game.n}
                    settings = {"threshold": threshold, "normalised": normalise}
                    rows.append(_with_run(game.archive.run, _totals(*split, {**about, **settings})))
    return pd.concat(rows, ignore_index=True)


def similarity_table(effects: Effects) -> pd.DataFrame:
    """Similarity of each checkpoint to the final model of its run, mean over samples, per order group."""
    entries = effects.archive.about["checkpoints"]
    samples = effects.checkpoints.shape[1]
    if not entries:
        return pd.DataFrame(columns=[*effects.archive.run, "method", "step", "group", "similarity", "n_undefined"])
    final = np.stack([effects.of(entry["name"])[:samples] for entry in entries])
    tables = []
    for group, among in order_groups(effects.n).items():
        alike = interaction_similarity(effects.checkpoints, final, among=among)  # (checkpoints, S')
        undefined = np.isnan(alike)
        table = pd.DataFrame(
            {"method": [entry["name"] for entry in entries], "step": [entry["step"] for entry in entries]}
        )
        table["group"] = group
        table["similarity"] = _mean_defined(alike)
        table["n_undefined"] = undefined.sum(axis=1)
        tables.append(table)
    return _with_run(effects.archive.run, pd.concat(tables, ignore_index=True))


def dynamics_table(similarity: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """How each run approaches its end: area under the similarity curve, detour, first step at `level`."""
    keys = ["target", "architecture", "seed", "method", "group"]
    rows = []
    for key, curve in similarity.sort_values("step").groupby(keys, sort=False):
        values, steps = curve["similarity"].to_numpy(), curve["step"].to_numpy()
        if len(steps) > 1:
            found = (area_under_curve(values, steps), detour(values), step_to_reach(values, steps, level))
            rows.append((*key, *map(float, found)))
    return pd.DataFrame(rows, columns=[*keys, "area", "detour", f"step_to_{level:g}"])


def sparsity_table(effects: Effects, *, points: int = 101) -> pd.DataFrame:
    """Sizes of all effects, sorted down, as a share of the largest, at equal ranks (see `strength_curve`)."""
    axes = {"model": effects.archive.models, "rank_fraction": np.linspace(0, 1, points).round(6)}
    return _tidy(effects.archive.run, axes, {"strength": strength_curve(effects.models, points)})


def matching_table(effects: Effects, *, thresholds: Sequence[float] = (0.0, 0.01, 0.03, 0.05, 0.1)) -> pd.DataFrame:
    """How well the salient effects alone rebuild all scores.

    `salient_per_sample` is a mean count; `matching_error` is sum (v - rebuilt v)^2 / sum (v - v(empty))^2
    over all samples and coalitions.
    """
    empty = effects.models[..., :1]
    spread = ((effects.archive.scores - empty) ** 2).sum(axis=(1, 2))
    rows = []
    for threshold in thresholds:
        kept = salient(effects.models, threshold=threshold, normalise=False)
        error = ((effects.archive.scores - zeta(kept) - empty) ** 2).sum(axis=(1, 2))
        counts = (kept != 0).sum(axis=2).mean(axis=1)
        relative = np.divide(error, spread, out=np.full(len(spread), np.nan), where=spread > 0)
        rows.append(
            pd.DataFrame(
                {
                    "model": effects.archive.models,
                    "threshold": threshold,
                    "salient_per_sample": counts,
                    "matching_error": relative,
                }
            )
        )
    return _with_run(effects.archive.run, pd.concat(rows, ignore_index=True))


def _split(
    game: Effects, reference: str, scratch: str | None, rule: Rule, **counted: Any
) -> tuple[list[str], KnowledgeSplit, np.ndarray]:
    """Names of the compared models, their knowledge, and what scratch has of what each preserved."""
    names, tuned = game.compared(reference)
    a, b = game.salient(game.of(reference), **counted), game.salient(tuned, **counted)
    split = split_salient(a, b, rule=rule)
    shared = np.full(split.pre.shape, np.nan)
    if scratch in names:
        kept = preserved_effects(a, b, rule=rule)
        shared = by_order(np.abs(preserved_effects(kept, b[names.index(scratch)], rule=rule)))
    return names, split, shared


def _totals(names: list[str], split: KnowledgeSplit, shared: np.ndarray, about: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({"model": names}).assign(
        **about,
        preserve_share=split.preserve_share(),
        discard_share=split.discard_share(),
        new_share=split.new_share(),
        scratch_ratio=ratio_of_sums(shared, split.preserved),
        n_undefined=(~(split.pre.sum(axis=-1) > 0)).sum(axis=-1),
    )


def _tidy(run: Mapping[str, Any], axes: Mapping[str, Any], values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row for each entry of the arrays, whose axes are named and labelled by `axes`."""
    index = pd.MultiIndex.from_product(list(axes.values()), names=list(axes))
    return _with_run(run, index.to_frame(index=False).assign(**{name: array.ravel() for name, array in values.items()}))


def _with_run(run: Mapping[str, Any], table: pd.DataFrame) -> pd.DataFrame:
    for place, (name, value) in enumerate(run.items()):
        table.insert(place, name, value)
    return table


def _mean_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what is not NaN; NaN where nothing is left."""
    defined = ~np.isnan(values)
    total, count = np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
