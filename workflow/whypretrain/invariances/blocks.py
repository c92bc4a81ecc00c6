"""The same for networks made of blocks: inverted at every block, tested at every block, weights frozen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import torch

from whypretrain.errors import InputError
from whypretrain.invariances.cka import gram
from whypretrain.invariances.inversion import Inversion, Layer, invert_together
from whypretrain.runtime.memory import Halving


class BlockModel(Protocol):
    """What is asked of a network; `whypretrain.models.Classifier` is one."""

    @property
    def block_names(self) -> list[str]:
        """Names of the blocks, first to last."""

    def blocks(self, images: torch.Tensor, upto: int | None = None) -> list[torch.Tensor]:
        """Outputs (b, d_l) of blocks 1..upto, flattened; the forward pass stops there."""

    def staircase(self, parts: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Outputs (b_l, d_l) of block l on the l-th part (b_l, ...) alone; no part goes further than its block."""


def block_layer(model: BlockModel, number: int) -> Layer:
    """The callable images -> output of block `number` (1-based); later blocks do not run."""
    return lambda images: model.blocks(images, number)[-1]


def invert_blocks(
    model: BlockModel,
    images: torch.Tensor,
    *,
    steps: int,
    step_size: float,
    seed: int,
    decay: bool = False,
    batch_size: int | None = None,
) -> list[Inversion]:
    """Identically represented inputs of every block, first to last, from the same noise.

    One such set serves every tested model, block and checkpoint. Arguments as `invert_together`. All blocks take
    their steps together: block 1 sees the images of every inversion, the last block those of its own.

    Raises:
        InputError: as `invert`, naming the block; a model without blocks.
    """
    names = _names(model)
    with frozen(model):
        return invert_together(
            model.staircase, images, steps=steps, step_size=step_size, seed=seed, decay=decay,
            batch_size=batch_size, names=[f"block {number} ({name})" for number, name in enumerate(names, 1)],
        )  # fmt: skip


def block_grams(model: BlockModel, images: torch.Tensor, *, batch_size: int | None = None) -> torch.Tensor:
    """Gram matrices (blocks, n, n), float64, of the centred outputs of every block; one forward pass.

    Raises:
        InputError: a model without blocks; a block whose output is the same for every image.
    """
    names = _names(model)
    halving = Halving()

    def outputs(batch: torch.Tensor, parts: int) -> list[list[torch.Tensor]]:
        return [model.blocks(part) for part in batch.tensor_split(parts)]

    with torch.no_grad(), frozen(model):
        whole = images.split(batch_size or len(images))
        batches = [part for batch in whole for part in halving(partial(outputs, batch), len(batch))]
    found = []
    for name, each in zip(names, zip(*batches, strict=True), strict=True):
        try:
            found.append(gram(torch.cat(each)))
        except InputError as error:
            raise InputError(f"block {name}: {error}") from error
    return torch.stack(found)


def inverted_grams(
    model: BlockModel, inversions: Sequence[Inversion], *, batch_size: int | None = None
) -> torch.Tensor:
    """Gram matrices (inverted blocks, tested blocks, n, n) of `model` on any model's inversions."""
    return torch.stack([block_grams(model, inversion.images, batch_size=batch_size) for inversion in inversions])


@contextmanager
def frozen(model: object) -> Iterator[None]:
    """Hold a torch module in eval mode without weight gradients, then restore both; other objects pass."""
    if not isinstance(model, torch.nn.Module):
        yield
        return
    modes = [(module, module.training) for module in model.modules()]
    wants = [(weight, weight.requires_grad) for weight in model.parameters()]
    try:
        model.eval().requires_grad_(False)
        yield
    finally:
        for module, training in modes:
            module.training = training
        for weight, wanted in wants:
            weight.requires_grad_(wanted)


def _names(model: BlockModel) -> list[str]:
    names = list(getattr(model, "block_names", []))
    if not names:
        raise InputError(f"{type(model).__name__} names no blocks; use an architecture with blocks (ViT, ResNet)")
    return names
