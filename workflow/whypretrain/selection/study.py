"""The published selection study, from class means alone: lists, concepts, overlaps, sensitivities."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from whypretrain.selection._cosine import centred, cosine_cost
from whypretrain.selection.ranking import Ranking, automatic_temperature, rank_costs
from whypretrain.selection.rules import Settings, rankings


@dataclass(frozen=True)
class Pair:
    """One source and target seen by one pre-trained model."""

    pretraining: str
    target: str
    source_means: np.ndarray  # (n, d)
    target_means: np.ndarray  # (m, d)
    source_counts: np.ndarray  # (n,) images a class

    @property
    def keys(self) -> dict[str, str]:
        return {"pretraining": self.pretraining, "target": self.target}

    def cost(self, centre: bool) -> np.ndarray:
        """(n, m), of features as they are or centred."""
        means = self.source_means, self.target_means
        return cosine_cost(*(centred(*means) if centre else means))


@dataclass(frozen=True)
class Grid:
    """What the sensitivity tables vary, one setting at a time."""

    classes: tuple[int, ...] = (10, 20, 50, 100, 200, 500)
    temperature: tuple[float, ...] = (0.01, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
    tau_source: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0, 10000.0)
    tau_target: tuple[float, ...] = (1.0, 10.0, 100.0, 1000.0, float("inf"))

    def settings(self, base: Settings) -> Iterator[tuple[str, float, Settings]]:
        for name in ("classes", "temperature", "tau_source", "tau_target"):
            for value in getattr(self, name):
                field = "k" if name == "classes" else name
                yield name, value, replace(base, **{field: value})


def study(
    pairs: list[Pair],
    classes: pd.DataFrame,
    rules: Sequence[str],
    settings: Settings,
    grid: Grid,
    *,
    centre: bool | Literal["both"] = False,
) -> dict[str, pd.DataFrame]:
    """All tables of the study, by name.

    Args:
        pairs: the sources and targets.
        classes: the source classes in order, with columns class_id, class_name, concept.
        rules: the rules to compare.
        settings: of the rules; `k` classes are chosen.
        grid: values for the sensitivity of the rule `uot`.
        centre: whether means are centred first; both: every rule is named twice, the second time RULE_centred.

    Returns:
        `top` (the chosen classes), `masses` (all sorted scores of `uot`), `summary` (diagnostics), `concepts`
        (chosen classes a concept), `overlap` (chosen classes that two rules share), `pretraining_overlap`
        (that two models share), `sensitivity`.
    """
    named = rankings(rules, centre)
    costs = [{how: pair.cost(how) for how in {how for _, how in named.values()}} for pair in pairs]
    found = {
        (number, name): replace(rank_costs(cost[how], rule, settings), rule=name)
        for number, cost in enumerate(costs)
        for name, (rule, how) in named.items()
    }
    base = [cost[centre is True] for cost in costs]
    rows = [(pairs[number], ranking) for (number, _), ranking in found.items()]
    return {
        "top": _stack(_top(pair, ranking, classes) for pair, ranking in rows),
        "masses": _stack(_masses(pair, ranking) for pair, ranking in rows if ranking.rule == "uot"),
        "summary": pd.DataFrame([_summary(pair, ranking, classes) for pair, ranking in rows]),
        "concepts": _stack(_concepts(pair, ranking, classes) for pair, ranking in rows),
        "overlap": pd.DataFrame(_overlap(pairs, found, list(named))),
        "pretraining_overlap": pd.DataFrame(_pretraining_overlap(pairs, found, list(named))),
        "sensitivity": pd.DataFrame(_sensitivity(pairs, base, classes, settings, grid)),
    }


def _stack(tables: Iterator[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(list(tables), ignore_index=True)


def _top(pair: Pair, ranking: Ranking, classes: pd.DataFrame) -> pd.DataFrame:
    chosen = ranking.order[: ranking.k]
    table = classes.iloc[chosen].reset_index(drop=True)
    table.insert(0, "class_index", chosen)
    for name, value in {"rank": range(1, len(chosen) + 1), "rule": ranking.rule, **pair.keys}.items():
        table.insert(0, name, value)
    table["score"] = ranking.score[chosen]
    return table[["pretraining", "target", "rule", "rank", "class_index", *classes.columns, "score"]]


def _masses(pair: Pair, ranking: Ranking) -> pd.DataFrame:
    ranks = np.arange(1, len(ranking.order) + 1)
    return pd.DataFrame({**pair.keys, "rank": ranks, "score": ranking.score[ranking.order]})


def _summary(pair: Pair, ranking: Ranking, classes: pd.DataFrame) -> dict[str, Any]:
    chosen, certificate = ranking.order[: ranking.k], ranking.certificate
    identity = "\n".join(sorted(classes.class_id.iloc[chosen]))
    return {
        **pair.keys,
        "rule": ranking.rule,
        "classes": ranking.k,
        "temperature": ranking.temperature,
        "mass": ranking.score.sum() if ranking.effective_classes is not None else None,
        "effective_classes": ranking.effective_classes,
        "mass_top_k": ranking.mass_top_k,
        "gap_at_k": ranking.gap_at_k,
        "images": int(pair.source_counts[chosen].sum()),
        "birds": _birds(ranking, classes),
        "sha256": hashlib.sha256(identity.encode()).hexdigest()[:12],
        "iterations": certificate.iterations if certificate else None,
        "gap": certificate.gap if certificate else None,
        "residual": certificate.residual if certificate else None,
    }


def _birds(ranking: Ranking, classes: pd.DataFrame) -> int:
    return int((classes.concept.iloc[ranking.order[: ranking.k]] == "bird").sum())


def _concepts(pair: Pair, ranking: Ranking, classes: pd.DataFrame) -> pd.DataFrame:
    total = classes.concept.value_counts().sort_index()
    chosen = classes.concept.iloc[ranking.order[: ranking.k]].value_counts().reindex(total.index, fill_value=0)
    columns = {"concept": total.index, "chosen": chosen.to_numpy(), "classes": total.to_numpy()}
    return pd.DataFrame({**pair.keys, "rule": ranking.rule, **columns})


def _shared(first: Ranking, second: Ranking) -> int:
    return len(np.intersect1d(first.order[: first.k], second.order[: second.k]))


def _overlap(pairs: list[Pair], found: dict[tuple[int, str], Ranking], rules: list[str]) -> Iterator[dict[str, Any]]:
    for number, pair in enumerate(pairs):
        for one, other in combinations(rules, 2):
            shared = _shared(found[number, one], found[number, other])
            yield {**pair.keys, "rule": one, "other_rule": other, "shared": shared}


def _pretraining_overlap(
    pairs: list[Pair], found: dict[tuple[int, str], Ranking], rules: list[str]
) -> Iterator[dict[str, Any]]:
    for one, other in combinations(range(len(pairs)), 2):
        if pairs[one].target == pairs[other].target:
            names = {"pretraining": pairs[one].pretraining, "other_pretraining": pairs[other].pretraining}
            for rule in rules:
                shared = _shared(found[one, rule], found[other, rule])
                yield {"target": pairs[one].target, **names, "rule": rule, "shared": shared}


def _sensitivity(
    pairs: list[Pair], costs: list[np.ndarray], classes: pd.DataFrame, settings: Settings, grid: Grid
) -> Iterator[dict[str, Any]]:
    for pair, cost in zip(pairs, costs, strict=True):
        base = rank_costs(cost, "uot", settings)
        automatic = automatic_temperature(cost, "uot", settings)
        warmed = ("automatic temperature", automatic, replace(settings, temperature=automatic))
        for name, value, changed in (*grid.settings(settings), warmed):
            if changed.k > len(classes):
                continue
            ranking = rank_costs(cost, "uot", changed)
            yield {
                **pair.keys,
                "setting": name,
                "value": value,
                "classes": ranking.k,
                "birds": _birds(ranking, classes),
                "shared": len(np.intersect1d(ranking.order[: settings.k], base.order[: settings.k])),
                "effective_classes": ranking.effective_classes,
                "mass_top_k": ranking.mass_top_k,
            }
