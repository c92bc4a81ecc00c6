"""How a model moves away from the one it started as: layer metrics at checkpoints of its training.

All checkpoints are tested on the starting model's inversions, so that a checkpoint costs forward passes only;
what it learned takes inversions of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pandas as pd
import torch

from whypretrain.errors import InputError
from whypretrain.invariances import metrics
from whypretrain.invariances.blocks import BlockModel, block_grams, block_layer, frozen
from whypretrain.invariances.cka import gram
from whypretrain.invariances.comparison import ESTIMATORS, Subject, estimated
from whypretrain.invariances.inversion import Inversion

Invert = Callable[[BlockModel], Sequence[Inversion]]  # one inversion a block


def follow(
    start: Subject, images: torch.Tensor, checkpoints: Iterable[tuple[int, BlockModel]], *, invert: Invert | None = None
) -> pd.DataFrame:
    """Forgetting (eq. 2), CKA divergence (eq. 4) and learning (eq. 3) against `start` at each checkpoint.

    As Figs 5 and 11 to 13 of arXiv:2307.06006.

    Args:
        start: the model before training, examined on `images`.
        images: (n, C, H, W) the images that `start` was examined on.
        checkpoints: (step, model) pairs, each made only when its turn comes.
        invert: inverts every block of a checkpoint on the same images; without it learning is left out.

    Returns:
        Columns step, metric (forgetting|cka_divergence|learning), layer (1-based), estimator, value. At step 0 of a
        fine-tuning run, forgetting is what unfinished inversion alone gives: 1 minus the measured self value.

    Raises:
        InputError: no checkpoint, or a model with another number of blocks.
    """
    parts = [_at(start, images, step, model, invert) for step, model in checkpoints]
    if not parts:
        raise InputError("no checkpoint to follow; train with checkpoints above 0")
    return pd.concat(parts, ignore_index=True)


def with_peaks(table: pd.DataFrame) -> pd.DataFrame:
    """The table of `follow` with progress, each step as a share of the last, and is_max, True where a curve is highest.

    Every other column tells the curves apart; of equal values the first is the highest.
    """
    keys = [column for column in table if column not in ("step", "value")]
    curves = table.groupby(keys, sort=False)
    peaks = table.index.isin(curves["value"].idxmax())
    return table.assign(progress=table["step"] / curves["step"].transform("max").clip(lower=1), is_max=peaks)


def _at(start: Subject, images: torch.Tensor, step: int, model: BlockModel, invert: Invert | None) -> pd.DataFrame:
    if len(model.block_names) != len(start.clean):
        raise InputError(
            f"step {step}: {len(model.block_names)} blocks against {len(start.clean)} of the start; "
            "follow a run of one architecture"
        )
    clean = block_grams(model, images, batch_size=start.batch_size)
    inverted = _own_blocks(model, start.inversions, start.batch_size)
    learned = None if invert is None else _own_blocks(start.model, invert(model), start.batch_size)
    rows = []
    for estimator in ESTIMATORS:
        stirs, ckas = (estimated(clean, other, estimator) for other in (inverted, start.clean))
        values = {"forgetting": metrics.forgetting(stirs), "cka_divergence": metrics.cka_divergence(ckas)}
        if learned is not None:
            values["learning"] = metrics.learning(estimated(start.clean, learned, estimator))
        layers = range(1, len(stirs) + 1)
        rows += [
            pd.DataFrame({"step": step, "metric": name, "layer": layers, "estimator": estimator, "value": found})
            for name, found in values.items()
        ]
    return pd.concat(rows)


def _own_blocks(model: BlockModel, inversions: Sequence[Inversion], size: int | None) -> torch.Tensor:
    """(blocks, n, n) Gram matrices of each block on the inversions of that block; the forward stops there."""
    with torch.no_grad(), frozen(model):
        outputs = [
            torch.cat([block_layer(model, block)(part) for part in made.images.split(size or len(made.images))])
            for block, made in enumerate(inversions, start=1)
        ]
    return torch.stack([gram(output) for output in outputs])
