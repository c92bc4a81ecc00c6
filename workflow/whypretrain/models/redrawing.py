"""Models whose last blocks were drawn anew: starts between a checkpoint and random weights."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import torch

from whypretrain.models.classifier import AFTER, Classifier, build


def redraw(model: Classifier, number: int | Literal["all"], *, seed: int) -> str:
    """Give the last `number` blocks of the backbone, and what follows them, random weights in place of their own.

    Statistics of batch normalisation start anew with them. `all` redraws the stem as well, so that nothing is left.

    Args:
        seed: decides the weights; a block gets the same ones whatever the number is.

    Returns:
        A note on what was drawn.

    Raises:
        InputError: if the backbone has fewer blocks.
    """
    names = model.block_names
    if number != "all" and number > len(names):
        raise model.architecture.error(f"redrawn is {number}, but it has {len(names)} blocks; use fewer, or all")
    chosen = {*names[len(names) - number :], AFTER} if number != "all" else set(model.owners().values())
    redraw_parts(model, chosen, seed=seed)
    model.projection = None  # it was made for other features
    what = "all blocks and the stem" if number == "all" else f"the last {number} of {len(names)} blocks"
    return f"{what} were drawn anew"


def redraw_parts(model: Classifier, parts: Collection[str], *, seed: int) -> None:
    """Draw the tensors of the named parts of the backbone anew (see `Classifier.owners`)."""
    state = model.backbone.state_dict()
    fresh = build(model.architecture, model.classes, seed=seed).backbone.state_dict()
    with torch.no_grad():
        for name, owner in model.owners().items():
            if owner in parts:
                state[name].copy_(fresh[name])
