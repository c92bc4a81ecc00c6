"""Models made from trained ones by a change whose effect is known."""

from __future__ import annotations

import copy

import torch
from torch import nn

from whypretrain import models
from whypretrain.config.derived import Derived
from whypretrain.data import ImageSet
from whypretrain.errors import InputError
from whypretrain.models.equivalents import permuted_units, rescaled_units, scaled_scores

_BATCH = 64  # images that BatchNorm statistics are estimated on at a time


def derive(
    how: Derived, base: models.Classifier, other: models.Classifier | None, target: ImageSet, *, seed: int
) -> models.Classifier:
    """The model that a change makes, in evaluation mode; `base` and `other` are left as they are.

    - `interpolate`: `(1 - dose) base + dose other`, heads included.
    - `noise`: each tensor w plus `dose * sd(w) * N(0, 1)`.
    - `redraw`: the last `dose` blocks with random weights.
    - `permute_units`, `rescale_units`, `scale_scores`: see `whypretrain.models.equivalents`.

    Of the first three BatchNorm statistics are estimated again on the target's training images.

    Args:
        how: the change.
        base: the model that is changed.
        other: what `interpolate` goes to.
        target: the data of both.
        seed: of every draw.

    Raises:
        InputError: if the models differ in architecture or classes, or there are fewer blocks than are redrawn.
    """
    if how.change == "permute_units":
        return permuted_units(base, seed=seed).eval()
    if how.change == "rescale_units":
        return rescaled_units(base, seed=seed).eval()
    if how.change == "scale_scores":
        return scaled_scores(base, how.dose).eval()
    found = copy.deepcopy(base)
    if how.change == "interpolate":
        _interpolate(found, other, how.dose)
    elif how.change == "noise":
        _add_noise(found, how.dose, seed)
    else:
        _redraw(found, int(how.dose), seed)
    reestimate(found, target)
    return found.eval()


def _interpolate(model: models.Classifier, other: models.Classifier | None, dose: float) -> None:
    if other is None or other.architecture != model.architecture or other.classes != model.classes:
        raise InputError("interpolate: the two models differ in architecture or classes; name two of one target")
    there = dict(other.named_parameters())
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.lerp_(there[name], dose)


def _add_noise(model: models.Classifier, dose: float, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            spread = float(weight.std()) if weight.numel() > 1 else 0.0
            weight.add_(dose * spread * torch.randn(weight.shape, generator=random).to(weight.device))


def _redraw(model: models.Classifier, number: int, seed: int) -> None:
    names = model.block_names
    if not 0 <= number <= len(names):
        raise InputError(f"redraw: {model.architecture.name} has {len(names)} blocks, not {number}")
    models.redraw_parts(model, names[len(names) - number :], seed=seed)


@torch.no_grad()
def reestimate(model: models.Classifier, target: ImageSet) -> None:
    """Set the running statistics of BatchNorm to the means over the target's training images; nothing without them."""
    norms = [each for each in model.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # type: ignore[assignment]  # torch: a plain average over batches
    model.train()
    rows = target.rows("train")
    for start in range(0, len(rows) - 1, _BATCH):
        model.features(models.as_input(target.images[rows[start : start + _BATCH]]))
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
    model.eval()
