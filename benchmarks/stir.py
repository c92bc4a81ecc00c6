"""Claim: the STIR matrix of a pair of networks, both directions, comes about ten times faster at 6 blocks, and
the deeper the network the more.

Peer: `stir.STIR` of the package stir-invariance (github.com/nvedant07/STIR), unedited, cell by cell: each
inverts the reference layer anew in both directions, every step runs the whole network, weights are not
frozen. The package names CUDA devices and draws its own noise; while it runs, tensors that it sends there
stay where they are and the noise is ours, so that the values are the same. Its model is an adapter around
ours that returns logits and one layer. It does the diagonal of the matrix, an L-th of the work: a cell's
cost is that of two inversions, of its row's layer and its column's.

Last result (2026-11-22, commit baca3c2, AMD EPYC, 2 cores, one thread): the peer's time over ours
    6 blocks, 32 images, 20 steps, STIR, cell by cell: 9.6 (9.36–9.83)

    python -m benchmarks stir [--quick]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from benchmarks._case import Case, Pair, relative
from whypretrain import models
from whypretrain.invariances import block_grams, cka_of_grams, invert_blocks, inverted_grams, starting_noise

STEP_SIZE, IMAGES, STEPS = 0.5, 32, 20
AT_ONCE = 96  # images of all blocks in one pass of ours; more no longer fit the core's cache


def cases(quick: bool) -> Iterator[Case]:
    """ViTs of growing depth."""
    for depth in (2,) if quick else (2, 4, 6):
        steps = 2 if quick else STEPS
        yield Case(
            f"{depth} blocks, {IMAGES} images, {steps} steps",
            partial(against, depth, steps),
            "STIR, cell by cell",
            aim=10 if depth >= 6 else None,
            package="stir-invariance",
            needs="stir",
            tolerance=1e-3,
            share=1 / depth,
            memory=True,
            why="sharing the inversions and stopping at the inverted block bound it;"
            " steps themselves are mostly matrix products at the core's speed",
        )


def pair(depth: int) -> list[models.Classifier]:
    """Two untrained ViTs of 17 tokens, 96 wide."""
    options = {"patch_size": 4, "embed_dim": 96, "depth": depth, "num_heads": 4}
    vit = models.Architecture("vit_tiny_patch16_224", 16, 1, options)
    return [models.build(vit, [str(k) for k in range(10)], seed=seed).eval() for seed in (0, 1)]


def against(depth: int, steps: int) -> Pair:
    """Both ways on the same models, images and noise: (inverted model, inverted block, tested block)."""
    made = pair(depth)
    images = torch.rand(IMAGES, 1, 16, 16, generator=torch.Generator().manual_seed(0)).to(models.device())
    forward, b = depth * depth, 2.0  # with a backward pass of b forward passes
    bound = (forward + b * depth * (depth + 1) / 2) / ((1 + b) * (depth + 1) / 2)
    return Pair(
        partial(ours, made, images, steps),
        partial(theirs, made, images, steps),
        lambda matrix, diagonal: relative(np.diagonal(matrix, axis1=1, axis2=2), diagonal),
        note=lambda *_: f"sharing alone gives {bound:.1f} if a backward pass costs two forward passes",
    )


def ours(made: list[models.Classifier], images: torch.Tensor, steps: int) -> np.ndarray:
    """Every block inverted once, and all blocks tested on it."""
    matrices = []
    for inverted, tested in (made, made[::-1]):
        inversions = invert_blocks(inverted, images, steps=steps, step_size=STEP_SIZE, seed=0, batch_size=AT_ONCE)
        matrices.append(cka_of_grams(block_grams(tested, images)[None], inverted_grams(tested, inversions)))
    return torch.stack(matrices).cpu().numpy()


def theirs(made: list[models.Classifier], images: torch.Tensor, steps: int) -> np.ndarray:
    """A call of the package for every layer with itself: (direction, block)."""
    from stir.attack.losses import LPNormLossSingleModel
    from stir.helper import DummyArgs
    from stir.stir import STIR

    first, second = map(Adapter, made)
    depth, none = len(made[0].block_names), torch.nn.Identity()
    diagonal = np.empty((2, depth))
    with on_the_device_of(images):
        for i in range(depth):
            attack = {
                "custom_loss": LPNormLossSingleModel(DummyArgs(("lpnorm_type", 2, float))),
                "constraint": "2", "eps": 1000, "step_size": STEP_SIZE, "iterations": steps, "targeted": True,
                "do_tqdm": False, "should_normalize": True, "use_best": True,
            }  # fmt: skip
            found = STIR(first, second, none, none, images, ve_kwargs=attack, layer1_num=i, layer2_num=i)
            diagonal[:, i] = found.m2m1, found.m1m2
    return diagonal


class Adapter(torch.nn.Module):
    """A classifier as the package calls its models: logits and the features of one layer, from a whole forward."""

    def __init__(self, model: models.Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor, layer_num: int, **_: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, K) and the flattened output (B, d) of block `layer_num`, from 0."""
        outputs = self.model.blocks(images)
        tokens = outputs[-1].unflatten(1, (-1, self.model.head.in_features))
        return self.model.head(self.model.backbone.norm(tokens)[:, 0]), outputs[layer_num]


@contextmanager
def on_the_device_of(images: torch.Tensor) -> Iterator[None]:
    """Tensors sent to a CUDA device stay with the images, and normal noise is ours."""
    noise, to = starting_noise(images, seed=0).clamp(0, 1), torch.Tensor.to

    def stay(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        is_cuda = [isinstance(each, (str, torch.device)) and "cuda" in str(each) for each in args]
        return to(tensor, *(images.device if cuda else a for a, cuda in zip(args, is_cuda, strict=True)), **kwargs)

    with patch.object(torch.Tensor, "to", stay), patch.object(torch, "randn", lambda *_, **__: noise.clone()):
        yield
