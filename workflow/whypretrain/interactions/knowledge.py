"""What fine-tuning keeps, discards and adds, counted in interactions (arXiv 2410.08455)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.salience import require_normaliser, salient
from whypretrain.interactions.transforms import by_order

Rule = Literal["effect", "set", "count"]


@dataclass(frozen=True)
class KnowledgeSplit:
    """Knowledge per sample and order, each (..., S, n); entry m-1 holds order m.

    `pre = preserved + discarded` for every rule; `tuned = preserved + new` for the rules "effect" and
    "count". Shares are ratios of sums over samples, NaN where there is nothing to share.
    """

    pre: np.ndarray
    tuned: np.ndarray
    preserved: np.ndarray
    discarded: np.ndarray
    new: np.ndarray

    def preserve_share(self, *, per_order: bool = False) -> np.ndarray:
        """Share of the pre-trained model's knowledge that the fine-tuned one keeps: (...), or (..., n)."""
        return ratio_of_sums(self.preserved, self.pre, per_order=per_order)

    def discard_share(self, *, per_order: bool = False) -> np.ndarray:
        """Share of the pre-trained model's knowledge that fine-tuning loses."""
        return ratio_of_sums(self.discarded, self.pre, per_order=per_order)

    def new_share(self, *, per_order: bool = False) -> np.ndarray:
        """Share of the fine-tuned model's knowledge that pre-training did not give."""
        return ratio_of_sums(self.new, self.tuned, per_order=per_order)


@dataclass(frozen=True)
class ScratchRatio:
    """Preserved knowledge and the part of it that scratch training finds too, per sample and order (..., S, n)."""

    preserved: np.ndarray
    shared: np.ndarray

    def total(self) -> np.ndarray:
        """The ratio over all orders and samples, in [0, 1]; NaN where nothing is preserved."""
        return ratio_of_sums(self.shared, self.preserved)

    def per_order(self) -> np.ndarray:
        """The ratio of each order, (..., n); NaN where an order preserves nothing."""
        return ratio_of_sums(self.shared, self.preserved, per_order=True)

    def n_undefined(self) -> np.ndarray:
        """Samples in which each order preserves nothing, (..., n)."""
        return (~(self.preserved > 0)).sum(axis=-2)


def split_knowledge(
    pretrained: np.ndarray,
    finetuned: np.ndarray,
    *,
    threshold: float = 0.05,
    normalise: bool = True,
    rule: Rule = "effect",
) -> KnowledgeSplit:
    """Split two models' knowledge into preserved, discarded and newly learned, per sample and order.

    With salient effects a of the pre-trained and b of the fine-tuned model, sh = sign(a) min(|a|, |b|) where
    they agree in sign and 0 elsewhere: preserved = |sh|, discarded = |a - sh|, new = |b - sh|.

    Args:
        pretrained, finetuned: AND effects of the same samples and players, (..., S, 2^n) (see `moebius`);
            leading axes broadcast, so that one probe meets many models.
        threshold: salience as a share of each model's largest effect (see `salient`).
        normalise: whether to divide by each model's mean |v(N) - v(empty)| first.
        rule: "effect" as above; "set" counts an effect salient in both models with one sign as wholly
            preserved; "count" counts effects instead of adding up their strength.

    Raises:
        InputError: if samples or players differ, or a model cannot be normalised.

    Source: arXiv 2410.08455, Section 3.2; the shared effect from arXiv 2409.08712, Section 3.2.
    """
    a, b = _compared(pretrained, finetuned, threshold=threshold, normalise=normalise)
    return split_salient(a, b, rule=rule)


def scratch_ratio(
    pretrained: np.ndarray,
    finetuned: np.ndarray,
    scratch: np.ndarray,
    *,
    threshold: float = 0.05,
    normalise: bool = True,
    rule: Rule = "effect",
) -> ScratchRatio:
    """The part of the preserved knowledge that a network trained from scratch acquires too.

    r = sum |sh(P, c)| / sum |P| with the preserved effects P = sh(a, b) and the salient effects c of the
    scratch model. Arguments and errors as in `split_knowledge`. Source: arXiv 2410.08455, Section 3.2.2.
    """
    a, b, c = _compared(pretrained, finetuned, scratch, threshold=threshold, normalise=normalise)
    kept = preserved_effects(a, b, rule=rule)
    return ScratchRatio(by_order(np.abs(kept)), by_order(np.abs(preserved_effects(kept, c, rule=rule))))


def shared_effect(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """sign(a) min(|a|, |b|) where a and b agree in sign, else 0: what both effects have in common."""
    return np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0 * (a + b))


def preserved_effects(a: np.ndarray, b: np.ndarray, *, rule: Rule = "effect") -> np.ndarray:
    """The part of the salient effects a that the salient effects b keep, by `rule` of `split_knowledge`."""
    if rule == "effect":
        return shared_effect(a, b)
    if rule == "set":
        return np.where(a * b > 0, a, 0.0 * (a + b))
    if rule == "count":
        return shared_effect(np.sign(a), np.sign(b))
    raise InputError(f"rule {rule!r} is unknown: use effect, set or count")


def split_salient(a: np.ndarray, b: np.ndarray, *, rule: Rule = "effect") -> KnowledgeSplit:
    """`split_knowledge` of effects that `salient` has already treated; NaN stays NaN."""
    kept = preserved_effects(a, b, rule=rule)
    if rule == "count":
        a, b = np.sign(a), np.sign(b)
    in_b = np.where(kept != 0, b, 0.0) if rule == "set" else kept
    a, b, kept = np.broadcast_arrays(a, b, kept)
    parts = np.abs(np.stack([a, b, kept, a - kept, b - in_b]))
    return KnowledgeSplit(*by_order(parts))


def ratio_of_sums(part: np.ndarray, whole: np.ndarray, *, per_order: bool = False) -> np.ndarray:
    """sum(part) / sum(whole) over samples, and orders unless `per_order`; NaN where the whole is zero."""
    axes = -2 if per_order else (-2, -1)
    part, whole = part.sum(axis=axes), whole.sum(axis=axes)
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)


def _compared(*models: np.ndarray, threshold: float, normalise: bool) -> list[np.ndarray]:
    if len({model.shape[-2:] for model in models}) > 1:
        raise InputError(
            f"compared models have effects of shapes {[model.shape for model in models]}: use the same"
            " samples and players for all"
        )
    if normalise:
        for index, model in enumerate(models):
            require_normaliser(model, ("pre-trained", "fine-tuned", "scratch")[index])
    return [salient(model, threshold=threshold, normalise=normalise) for model in models]
