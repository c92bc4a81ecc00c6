"""The optimisers that a recipe can name; a new one is a function and a line of `OPTIMIZERS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from whypretrain.config.recipe import Recipe

Groups = list[dict[str, Any]]


def optimizer(network: Any, second_head: nn.Module | None, recipe: Recipe) -> Optimizer:
    """Two groups: the backbone, and the heads with their learning rate. Weight decay acts on everything."""
    heads = [*network.head.parameters(), *(second_head.parameters() if second_head is not None else ())]
    own = {id(parameter) for parameter in heads}
    backbone = [parameter for parameter in network.parameters() if id(parameter) not in own]
    peaks = (recipe.learning_rate, recipe.learning_rate * recipe.head_learning_rate_factor)
    groups = [
        {"params": list(part), "lr": peak, "peak": peak}
        for part, peak in zip((backbone, heads), peaks, strict=True)
        if part
    ]
    return OPTIMIZERS[recipe.optimizer](groups, recipe)


def _adamw(groups: Groups, recipe: Recipe) -> Optimizer:
    from torch.optim import AdamW

    return AdamW(groups, weight_decay=recipe.weight_decay, fused=True)


def _sgd(groups: Groups, recipe: Recipe) -> Optimizer:
    from torch.optim import SGD

    nesterov = recipe.momentum > 0
    return SGD(groups, momentum=recipe.momentum, nesterov=nesterov, weight_decay=recipe.weight_decay, fused=True)


OPTIMIZERS: dict[str, Callable[[Groups, Recipe], Optimizer]] = {"adamw": _adamw, "sgd": _sgd}
