"""The table of shares next to their permutation null."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from whypretrain.interactions.effects import Effects
from whypretrain.interactions.knowledge import Rule, preserved_effects
from whypretrain.interactions.null import null_of_salient

_VALUES = ("order", "measured", "chance", "chance_low", "chance_high", "p_value")


def null_table(
    effects: Effects,
    *,
    reference: str,
    finetune: str | None,
    scratch: str | None,
    threshold: float = 0.05,
    normalise: bool = True,
    rule: Rule = "effect",
    permutations: int = 20,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Shares of one run next to their permutation null, one row a model, measure and order, 1, 2, ... or "all".

    Measures, each with the effects of one model permuted (see `permutation_null`):

    - `share`: what `model` has of the reference; its own effects are permuted. Every model, also controls.
    - `scratch_ratio`: what `scratch` has of what `model` preserved; the scratch model's effects are permuted.
    - `of_preserved`: what `model` has of what `finetune` preserved; its own effects are permuted.

    Columns: `measured`, `chance` (mean over permutations), `chance_low`, `chance_high`, `p_value`; NaN where a model
    cannot be normalised.

    Args:
        effects: of one run.
        reference, finetune, scratch: the models in these roles; the last two may be missing.
        threshold, normalise, rule: as in `split_knowledge`.
        permutations, seed: as in `permutation_null`; all models meet the same permutations.
        confidence: of `chance_low` to `chance_high`.

    Raises:
        InputError: if the reference was not scored.
    """
    models = effects.archive.models
    counted = {
        name: effects.salient(effects.of(name), threshold=threshold, normalise=normalise)
        for name in dict.fromkeys([reference, *models])
    }
    rows: list[dict[str, object]] = []
    order = [*map(str, range(1, effects.n + 1)), "all"]
    for model, measure, kept_by, permuted in _compared(effects, reference, finetune, scratch):
        first = counted[reference]
        if kept_by:
            first = preserved_effects(first, counted[kept_by], rule=rule)
        null = null_of_salient(first, counted[permuted], rule=rule, permutations=permutations, seed=seed)
        low, high = null.bounds(confidence)
        about = {**effects.archive.run, "model": model, "measure": measure}
        values = zip(order, null.measured, null.mean, low, high, null.p_value, strict=True)
        rows += [{**about, **dict(zip(_VALUES, each, strict=True))} for each in values]
    return pd.DataFrame(rows, columns=[*effects.archive.run, "model", "measure", *_VALUES])


def _compared(
    effects: Effects, reference: str, finetune: str | None, scratch: str | None
) -> Iterator[tuple[str, str, str | None, str]]:
    """Model, measure, the model that preserved what is shared (None: all of the reference's), the permuted model."""
    controls = {entry["name"] for entry in effects.archive.about["models"] if entry["control"]}
    models = effects.archive.models
    for model in models:
        if model == reference:
            continue
        yield model, "share", None, model
        if scratch in models and model != scratch and model not in controls:
            yield model, "scratch_ratio", model, str(scratch)
        if finetune in models and model != finetune:
            yield model, "of_preserved", finetune, model
