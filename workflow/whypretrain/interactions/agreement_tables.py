"""Tables of agreement by degree: every pair of models, the path of training, and what pre-training explains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.errors import InputError
from whypretrain.interactions.agreement import Agreement, agreement, kept_share, stacked
from whypretrain.interactions.archive import ScoreArchive, require_same_players
from whypretrain.interactions.commonality import Commonality, commonality
from whypretrain.interactions.elsewhere import agreement_elsewhere, agreement_elsewhere_sampled
from whypretrain.interactions.sampled import agreement_sampled
from whypretrain.interactions.transforms import players_of

Pairs = Sequence[tuple[str, str]]

HIGHEST_SAMPLED = 3  # degree that is estimated from random coalitions: above, it takes too many of them
ALL = "all"  # the degree of rows over all degrees from 1 on
_MEASURES = ["degree", "agreement", "low", "high", "n_undefined"]
_PARTS = ["unique_pretrained", "unique_scratch", "common", "new", "r2_pretrained", "r2_scratch", "r2_both"]


@dataclass(frozen=True)
class _Pair:
    about: dict[str, Any]
    a: np.ndarray  # scores, (S, 2^n), or of the coalitions (S, P)
    b: np.ndarray
    coalitions: np.ndarray | None  # (P, n), where not all were scored
    elsewhere: bool = False  # whether b is compared on other samples than a

    @property
    def alike(self) -> tuple[Any, ...]:
        """Pairs in which this is equal are compared at once."""
        return self.elsewhere, self.a.shape, None if self.coalitions is None else self.coalitions.tobytes()


def agreement_table(
    runs: Sequence[ScoreArchive],
    *,
    reference: str | None,
    finetune: str | None,
    scratch: str | None,
    pairs: Pairs = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Agreement by degree of every pair of models that `controls_table` compares, and of all with the reference.

    One row a pair and degree; `degree` is 1, 2, ... or "all". Of random coalitions it is 1 to 3 or "all", and agreement
    is estimated (see `agreement_sampled`). `low` and `high` are about new samples (see `agreement`), `kept` and `new`
    are parts of b's variance. Kinds:

    - `self`: the reference with itself, 1 by construction.
    - `<reference>_vs_<model>` for every other model, trained or control: what it has of the reference.
    - `other_image`: the reference with the fine-tuned model's scores of all other images, the chance level.
    - `<finetune>_vs_<scratch>`, and each of `pairs` that was scored, e.g. the same recipe twice.
    - `<finetune>_vs_<finetune>`, `<scratch>_vs_<scratch>`: two training seeds.

    Args:
        runs: the scores of each run.
        reference, finetune, scratch: the models in these roles; rows of a role that is missing are left out.
        pairs: names of further models to compare.
        confidence: of the intervals.

    Raises:
        InputError: if the reference was not scored, or runs of one target and architecture were scored on other
            samples or players.
    """
    found = [pair for run in runs for pair in _within(run, reference, finetune, scratch, pairs)]
    found += _between_seeds(runs, (finetune, scratch))
    columns = ["kind", "target", "architecture", "seed_a", "seed_b", "a", "b"]
    table = _table(found, columns, confidence)
    table["kept"] = kept_share(table["agreement"].to_numpy())
    table["new"] = 1 - table["kept"]
    return table


def agreement_path_table(run: ScoreArchive, *, reference: str | None, confidence: float = 0.95) -> pd.DataFrame:
    """Agreement by degree of each checkpoint with the final model and with the pre-trained one.

    One row a checkpoint, degree and `towards`, "final" or "pretrained": where training starts, how fast it
    leaves what pre-training gave, how directly it arrives. Samples are those of the checkpoints.

    Args:
        run: the scores of one run.
        reference: the model that stands for pre-training; without one there is only the final model.
        confidence: of the intervals.

    Raises:
        InputError: if the reference was not scored.
    """
    samples = run.checkpoint_scores.shape[1]
    start = _scores(run, reference)[:samples] if reference else None
    found = []
    for entry, scores in zip(run.about["checkpoints"], run.checkpoint_scores, strict=True):
        about = {**run.run, "method": entry["name"], "step": entry["step"]}
        final = _scores(run, entry["name"])[:samples]
        found.append(_Pair({**about, "towards": "final"}, scores, final, run.coalitions))
        if start is not None:
            found.append(_Pair({**about, "towards": "pretrained"}, scores, start, run.coalitions))
    return _table(found, [*run.run, "method", "step", "towards"], confidence)


def commonality_table(run: ScoreArchive, *, reference: str, scratch: str) -> pd.DataFrame:
    """What pre-training alone, training from scratch alone and both explain of each tuned model, by degree.

    One row a model and degree, 1, 2, ... or "all"; columns as in `Commonality`. Empty where no model was
    trained from scratch.

    Args:
        run: the scores of one run.
        reference, scratch: the models in these roles; all others but the controls are taken as tuned.

    Raises:
        InputError: if the reference was not scored.
    """
    pretrained = _scores(run, reference)
    trained = [model["name"] for model in run.about["models"] if not model["control"]]
    tuned = [name for name in trained if name not in (reference, scratch)]
    columns = [*run.run, "model", "degree", *_PARTS, "n_undefined"]
    if scratch not in run.models or not tuned:
        return pd.DataFrame(columns=columns)
    scores = np.stack([_scores(run, name) for name in tuned])
    found = commonality(scores, pretrained, _scores(run, scratch))
    assert found.all is not None
    values = {name: _with_all(found, found.all, name) for name in (*_PARTS, "n_undefined")}
    table = _degrees([{**run.run, "model": name} for name in tuned], players_of(pretrained))
    return table.assign(**values)[columns]


def _within(
    run: ScoreArchive, reference: str | None, finetune: str | None, scratch: str | None, pairs: Pairs
) -> Iterator[_Pair]:
    """Pairs of models of one run."""
    seed = run.run["seed"]

    def pair(kind: str, a: str, b: str, scores: np.ndarray) -> _Pair:
        return _Pair(_about(run, kind, a, b, seed, seed), _scores(run, a), scores, run.coalitions)

    if reference:
        yield pair("self", reference, reference, _scores(run, reference))
    if reference and finetune in run.models and len(run.scores[0]) > 1:
        yield replace(pair("other_image", reference, str(finetune), _scores(run, str(finetune))), elsewhere=True)
    with_reference = [(reference, model) for model in run.models if model != reference]
    for a, b in dict.fromkeys([*with_reference, (finetune, scratch), *pairs]):
        if a in run.models and b in run.models:
            yield pair(f"{a}_vs_{b}", str(a), str(b), _scores(run, str(b)))


def _between_seeds(runs: Sequence[ScoreArchive], models: Sequence[str | None]) -> Iterator[_Pair]:
    """Pairs of one model in two runs that differ in the training seed only."""
    for one, other in combinations(runs, 2):
        if any(one.run[key] != other.run[key] for key in ("target", "architecture")):
            continue
        require_same_players([one, other], [one.run, other.run])
        for model in models:
            if model and model in one.models and model in other.models:
                seeds = one.run["seed"], other.run["seed"]
                about = _about(one, f"{model}_vs_{model}", model, model, *seeds)
                yield _Pair(about, _scores(one, model), _scores(other, model), one.coalitions)


def _about(run: ScoreArchive, kind: str, a: str, b: str, seed_a: int, seed_b: int) -> dict[str, Any]:
    where = {key: run.run[key] for key in ("target", "architecture")}
    return {"kind": kind, **where, "seed_a": seed_a, "seed_b": seed_b, "a": a, "b": b}


def _scores(run: ScoreArchive, model: str) -> np.ndarray:
    if model not in run.models:
        raise InputError(f"model {model!r} was not scored for {run.run}: scored are {', '.join(run.models)}")
    return run.scores[run.models.index(model)]


def _table(pairs: Sequence[_Pair], columns: Sequence[str], confidence: float) -> pd.DataFrame:
    """Agreement of each pair, one row a degree; pairs that are alike are compared at once."""
    tables = []
    for kind in dict.fromkeys(pair.alike for pair in pairs):
        alike = [pair for pair in pairs if pair.alike == kind]
        a, b = (np.stack([getattr(pair, name) for pair in alike]) for name in "ab")
        found = _compared(a, b, alike[0], confidence)
        tables.append(_degrees([pair.about for pair in alike], found.by_degree.shape[-1]).assign(**_measured(found)))
    if not tables:
        return pd.DataFrame(columns=[*columns, *_MEASURES])
    return pd.concat(tables, ignore_index=True)[[*columns, *_MEASURES]]


def _compared(a: np.ndarray, b: np.ndarray, like: _Pair, confidence: float) -> Agreement:
    """Agreement at all degrees, or estimated at the lowest, of scores as those of one pair."""
    if like.coalitions is None:
        return (agreement_elsewhere if like.elsewhere else agreement)(a, b, confidence=confidence)
    options: dict[str, Any] = {"max_degree": min(HIGHEST_SAMPLED, like.coalitions.shape[1]), "confidence": confidence}
    if like.elsewhere:
        pairs = zip(a, b, strict=True)
        return stacked([agreement_elsewhere_sampled(*pair, like.coalitions, **options) for pair in pairs])
    return agreement_sampled(a, b, like.coalitions, **options)


def _measured(found: Agreement) -> dict[str, np.ndarray]:
    over_all = {"by_degree": "all", "low": "all_low", "high": "all_high", "n_undefined": "all_undefined"}
    both = {
        each: np.concatenate([getattr(found, each), getattr(found, name)[..., None]], axis=-1).ravel()
        for each, name in over_all.items()
    }
    return {"agreement": both.pop("by_degree"), **both}


def _with_all(found: Commonality, over_all: Commonality, name: str) -> np.ndarray:
    return np.concatenate([getattr(found, name), getattr(over_all, name)[..., None]], axis=-1).ravel()


def _degrees(rows: Sequence[dict[str, Any]], n: int) -> pd.DataFrame:
    """Each row once for every degree, and once for all of them."""
    degrees = [*map(str, range(1, n + 1)), ALL]
    return pd.DataFrame([{**row, "degree": degree} for row in rows for degree in degrees])
