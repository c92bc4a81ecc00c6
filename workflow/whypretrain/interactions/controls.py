"""Controls: the floor and the ceiling of every share, and whether the strongest effects matter to the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.config.parts import CONTROLS
from whypretrain.interactions.archive import require_same_players
from whypretrain.interactions.effects import Effects
from whypretrain.interactions.knowledge import Rule, preserved_effects, ratio_of_sums, shared_effect, split_salient
from whypretrain.interactions.salience import salient
from whypretrain.interactions.similarity import interaction_similarity
from whypretrain.interactions.transforms import by_order, orders

_Pair = tuple[str, int, int, np.ndarray, np.ndarray]  # kind, seeds and effects of a and b


def controls_table(
    runs: Sequence[Effects],
    *,
    reference: str | None,
    finetune: str | None,
    scratch: str | None,
    pairs: Sequence[tuple[str, str]] = (),
    threshold: float = 0.05,
    normalise: bool = True,
    rule: Rule = "effect",
) -> pd.DataFrame:
    """Shares between pairs of models that bound the share of a fine-tuned model, one row a pair.

    `share` is the part of a's knowledge that b has, `new_share` the part of b's that a lacks, `of_preserved`
    the part of what fine-tuning preserved of the reference that b has (the scratch ratio, were b from
    scratch), `similarity` their weighted Jaccard index over all samples. The kinds, those whose models there are
    (`None`: there is none), each model under its own name:

    - `self`: the reference with itself, 1 by construction.
    - `FINETUNE_vs_FINETUNE`, `SCRATCH_vs_SCRATCH`: two training seeds, the ceiling.
    - `FINETUNE_vs_SCRATCH`: its new_share is what only training from scratch learned.
    - `REFERENCE_vs_reinitialised`, `REFERENCE_vs_reinitialised_probe`: an untrained network, and a linear probe on its
      backbone; `other_image`: fine-tuned effects of another image; the floors.
    - `REFERENCE_vs_sham`: a fine-tuning in which nothing new was learned, a ceiling.
    - `A_vs_B` for each of `pairs` that was scored, e.g. two fine-tunings from one start (recipe key `draw`).

    Raises:
        InputError: if runs of one target and architecture were scored on other samples or players.
    """
    within = [*((reference, control) for control in CONTROLS), (finetune, scratch), *pairs]
    models = (reference, finetune)
    rows = []
    for effects in runs:
        for found in _within_run(effects, reference, finetune, within):
            rows.append(_row(effects, found, models, threshold, normalise, rule))
    for one, other in _two_seeds(runs):
        for model in (finetune, scratch):
            if model and model in one.archive.models and model in other.archive.models:
                seeds = one.archive.run["seed"], other.archive.run["seed"]
                found = (f"{model}_vs_{model}", *seeds, one.of(model), other.of(model))
                rows.append(_row(one, found, models, threshold, normalise, rule))
    measures = ["share", "new_share", "of_preserved", "similarity"]
    return pd.DataFrame(rows, columns=["kind", "target", "architecture", "seed_a", "seed_b", *measures])


def strongest_table(
    effects: Effects, *, reference: str, threshold: float = 0.05, normalise: bool = True, top: int = 3
) -> pd.DataFrame:
    """The `top` strongest preserved, discarded and new AND effects of each sample, and what hiding them does.

    `coalition` is the mask of S, `effect` its preserved, discarded or new part. `change` is, in log-odds,
    |v(N) - v(N without S)| of the compared model (of the reference for discarded effects), `random_change`
    the mean of the same over all coalitions of equal order: effects that matter change the score more than
    as many random players do.
    """
    names, tuned = effects.compared(reference)
    rows = [effects.archive.models.index(name) for name in names]
    own = effects.archive.models.index(reference)
    a = salient(effects.of(reference), threshold=threshold, normalise=normalise)
    b = salient(tuned, threshold=threshold, normalise=normalise)
    kept = shared_effect(a, b)
    change = hiding_change(effects.archive.scores)
    chosen = {
        "preserved": (kept, change[rows]),
        "discarded": (np.broadcast_to(a - kept, kept.shape), np.broadcast_to(change[own], kept.shape)),
        "new": (b - kept, change[rows]),
    }
    tables = [_strongest(effects, names, kind, *found, top) for kind, found in chosen.items()]
    return pd.concat(tables, ignore_index=True)


def hiding_change(scores: np.ndarray) -> np.ndarray:
    """|v(N) - v(N without S)| for each S, (..., 2^n) -> (..., 2^n)."""
    return np.abs(scores[..., -1:] - scores[..., ::-1]).astype(np.float64)


def mean_by_order(values: np.ndarray) -> np.ndarray:
    """Mean over all coalitions of equal order, at each coalition, (..., 2^n) -> (..., 2^n)."""
    order = orders(values.shape[-1].bit_length() - 1)
    members = order[:, None] == np.arange(order[-1] + 1)
    return (values @ members / members.sum(axis=0))[..., order]


def _within_run(
    effects: Effects, reference: str | None, finetune: str | None, pairs: Sequence[tuple[str | None, str | None]]
) -> Iterator[_Pair]:
    models, seed = effects.archive.models, effects.archive.run["seed"]
    if reference:
        own = effects.of(reference)
        yield "self", seed, seed, own, own
        if finetune and finetune in models:
            other = np.roll(effects.by_part(effects.of(finetune)), 1, axis=1)
            yield "other_image", seed, seed, own, other.reshape(own.shape)
    for a, b in pairs:
        if a and b and a in models and b in models:
            yield f"{a}_vs_{b}", seed, seed, effects.of(a), effects.of(b)


def _two_seeds(runs: Sequence[Effects]) -> Iterator[tuple[Effects, Effects]]:
    """Pairs of runs that differ in the training seed only."""
    for one, other in combinations(runs, 2):
        if all(one.archive.run[key] == other.archive.run[key] for key in ("target", "architecture")):
            require_same_players([one.archive, other.archive], [one.archive.run, other.archive.run])
            yield one, other


def _row(
    effects: Effects, found: _Pair, models: tuple[str | None, str | None], threshold: float, normalise: bool, rule: Rule
) -> tuple[Any, ...]:
    """`models` are the reference and the fine-tuned one."""

    def counted(each: np.ndarray) -> np.ndarray:
        return effects.salient(each, threshold=threshold, normalise=normalise)

    kind, seed_a, seed_b, of_a, of_b = found
    a, b = counted(of_a), counted(of_b)
    split = split_salient(a, b, rule=rule)
    of_preserved = np.nan
    if set(models) <= set(effects.archive.models):
        kept = preserved_effects(*(counted(effects.of(str(model))) for model in models), rule=rule)
        shared = by_order(np.abs(preserved_effects(kept, b, rule=rule)))
        of_preserved = float(ratio_of_sums(shared, by_order(np.abs(kept))))
    run = effects.archive.run
    alike = interaction_similarity(a.ravel(), b.ravel())
    shares: tuple[Any, ...] = (split.preserve_share(), split.new_share(), of_preserved, alike)
    return kind, run["target"], run["architecture"], seed_a, seed_b, *map(float, shares)


def _strongest(
    effects: Effects, names: list[str], kind: str, part: np.ndarray, change: np.ndarray, top: int
) -> pd.DataFrame:
    """Rows of one kind, for effects that are not zero; part and change are (M, S, 2^n)."""
    size = np.nan_to_num(np.abs(part))
    best = np.argsort(-size, axis=-1, kind="stable")[..., :top]  # (M, S, top)
    axes = {"model": names, "sample": effects.archive.about["samples"], "kind": [kind], "rank": range(1, top + 1)}
    table = pd.MultiIndex.from_product(list(axes.values()), names=list(axes)).to_frame(index=False)
    values = {
        "coalition": best,
        "order": orders(effects.n)[best],
        "effect": np.take_along_axis(part, best, axis=-1),
        "change": np.take_along_axis(change, best, axis=-1),
        "random_change": np.take_along_axis(mean_by_order(change), best, axis=-1),
    }
    table = table.assign(**effects.archive.run, **{name: array.ravel() for name, array in values.items()})
    first = list(effects.archive.run)
    table = table[[*first, *(name for name in table.columns if name not in first)]]
    return table[np.take_along_axis(size, best, axis=-1).ravel() > 0]
