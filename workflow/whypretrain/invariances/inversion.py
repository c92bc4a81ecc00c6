"""Identically represented inputs: images made from noise that a layer maps as it maps given images.

Projected normalised gradient descent of Merlin et al. 2023 (arXiv:2307.06006) after Nanda et al. 2022 (STIR,
arXiv:2206.11939): steps of given length, box [0, 1], best iterate per image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.runtime import seeds
from whypretrain.runtime.memory import Halving
from whypretrain.runtime.progress import progress

Layer: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
Staircase: TypeAlias = Callable[[Sequence[torch.Tensor]], Sequence[torch.Tensor]]
Bounds: TypeAlias = tuple[float, float] | None
_Found: TypeAlias = tuple[torch.Tensor, torch.Tensor]  # best iterates of a batch for each layer, and their losses

_SAFE = 1e-10  # added to the gradient's norm, so that a zero gradient is a zero step


@dataclass(frozen=True)
class Inversion:
    """Inputs that a layer represents as it represents the given images; all on the device of those."""

    images: torch.Tensor  # (n, ...) the best iterate of each image
    start: torch.Tensor  # (n, ...) where each began: noise inside the box
    residual: torch.Tensor  # (n,) ‖layer(images) - target‖ / ‖target‖; above 1 is worse than the zero vector

    @property
    def moved(self) -> torch.Tensor:
        """(n,) L2 distance from start to result."""
        return (self.images - self.start).flatten(1).norm(dim=1)


def invert(
    layer: Layer,
    images: torch.Tensor | np.ndarray,
    *,
    steps: int,
    step_size: float,
    seed: int,
    decay: bool = False,
    batch_size: int | None = None,
    bounds: Bounds = (0.0, 1.0),
    start: torch.Tensor | None = None,
    name: str = "the layer",
) -> Inversion:
    """Find x' with layer(x') ≈ layer(x) for each image x, starting from noise.

    x' ← clamp(x' - step_size · g / ‖g‖), with g the gradient of ℓ(x') = ‖layer(x') - layer(x)‖ / ‖layer(x)‖ at x'
    itself: no clamp is differentiated, so a pixel on the bound moves as freely as any other. The iterate of
    lowest ℓ is kept.

    Noise is N(0, 1) per pixel brought into the box, drawn per image from the seed and the image's position:
    batch size changes nothing but memory.

    Args:
        layer: maps a batch (b, ...) of images to features (b, ...), each image independently of the others, as a
            network in eval mode does. Freeze its weights to save memory (see `frozen`).
        images: (n, ...) floats inside `bounds`; computed in their precision.
        steps: number of gradient steps.
        step_size: length of a step, as L2 norm over the whole image (pixels in [0, 1]).
        seed: of the noise.
        decay: let the length fall linearly to 0 over the steps. Constant steps, as published, circle the target at
            about half their length; these settle, and leave a fraction of the error for the same cost.
        batch_size: images inverted at a time, halved where memory runs out; None: all.
        bounds: the box; None: unbounded.
        start: (n, ...) own starting images in place of noise.
        name: what error messages call the layer.

    Raises:
        InputError: images outside the bounds, a layer that maps an image to zeros, a loss that is not finite.
    """
    (made,) = invert_together(
        lambda parts: [layer(parts[0])], images, names=[name], steps=steps, step_size=step_size, seed=seed,
        decay=decay, batch_size=batch_size, bounds=bounds, start=start,
    )  # fmt: skip
    return made


def invert_together(
    staircase: Staircase,
    images: torch.Tensor | np.ndarray,
    *,
    names: Sequence[str],
    steps: int,
    step_size: float,
    seed: int,
    decay: bool = False,
    batch_size: int | None = None,
    bounds: Bounds = (0.0, 1.0),
    start: torch.Tensor | None = None,
) -> list[Inversion]:
    """`invert` for layers that share their beginning: a step of all of them in one pass, from the same noise.

    Args:
        staircase: maps a batch (b, ...) for each layer to the features (b, ...) of each layer on its own batch.
        names: what error messages call the layers.
        batch_size: images of all layers together in one pass, an image of each layer at least; None: all.

    Others as `invert`, and so are the errors.
    """
    images = _checked(images, bounds)
    if steps < 0 or not step_size > 0:
        raise InputError(f"inversion needs steps >= 0 and step_size > 0, got {steps} and {step_size}")
    start = _boxed(starting_noise(images, seed=seed) if start is None else start.to(images), bounds)
    lengths = [step_size * (1 - step / steps if decay else 1) for step in range(steps)]
    size = max(1, batch_size // len(names)) if batch_size else len(images)
    halving, parts = Halving(), list[_Found]()

    def descend(batch: tuple[torch.Tensor, torch.Tensor], number: int) -> list[_Found]:
        cut = (tensor.tensor_split(number) for tensor in batch)
        return [_descend(staircase, some, noise, len(names), lengths, bounds) for some, noise in zip(*cut, strict=True)]

    for batch in zip(images.split(size), start.split(size), strict=True):
        parts += halving(partial(descend, batch), len(batch[0]))
    best, residual = (torch.cat(found, 1) for found in zip(*parts, strict=True))
    for name, losses in zip(names, residual, strict=True):
        _check_finite(losses, name)
    return [Inversion(found, start, losses) for found, losses in zip(best, residual, strict=True)]


def starting_noise(images: torch.Tensor, *, seed: int) -> torch.Tensor:
    """N(0, 1) noise of the images' shape and device; row k depends on the seed and k alone."""
    rows = [
        seeds.generator(seed, "inversion noise", k).standard_normal(images.shape[1:], dtype=np.float32)
        for k in range(len(images))
    ]
    return torch.from_numpy(np.stack(rows)).to(images)


def _descend(
    staircase: Staircase, images: torch.Tensor, start: torch.Tensor, layers: int, lengths: list[float], bounds: Bounds
) -> _Found:
    """Best iterates (layers, b, ...) and their losses (layers, b); a loss that was ever NaN stays NaN."""
    with torch.no_grad():
        targets = [target.flatten(1) for target in staircase([images] * layers)]
        scales = torch.stack([target.norm(dim=1) for target in targets])
    current = best = start.expand(layers, *start.shape)
    lowest = torch.full_like(scales, torch.inf)
    per_image = (layers, -1, *[1] * (images.ndim - 1))
    for length in progress([*lengths, 0.0], "inverting"):  # at the last, evaluation only
        loss, gradient = _loss_and_gradient(staircase, current, targets, scales, wanted=length > 0)
        best = torch.where((loss < lowest).view(per_image), current, best)
        lowest = torch.minimum(lowest, loss)  # keeps a NaN
        norm = gradient.flatten(2).norm(dim=2).view(per_image)
        current = _boxed(current - length * gradient / (norm + _SAFE), bounds)
    return best, lowest


def _loss_and_gradient(
    staircase: Staircase, current: torch.Tensor, targets: list[torch.Tensor], scales: torch.Tensor, *, wanted: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Relative losses (layers, b) and, where `wanted`, their gradient with respect to the images; else zeros."""
    current = current.detach().requires_grad_(wanted)
    with torch.set_grad_enabled(wanted):
        pairs = zip(staircase(current.unbind()), targets, strict=True)
        distances = [torch.linalg.vector_norm(found.flatten(1) - target, dim=1) for found, target in pairs]
        loss = torch.stack(distances) / scales
    if not loss.requires_grad:  # the last evaluation, or layers that ignore their input
        return loss.detach(), torch.zeros_like(current)
    (gradient,) = torch.autograd.grad(loss.sum(), current, allow_unused=True, materialize_grads=True)
    return loss.detach(), gradient


def _boxed(images: torch.Tensor, bounds: Bounds) -> torch.Tensor:
    return images if bounds is None else images.clamp(*bounds)


def _checked(images: torch.Tensor | np.ndarray, bounds: Bounds) -> torch.Tensor:
    images = torch.as_tensor(images).detach()
    if not len(images):
        raise InputError("inversion got no image; give at least one")
    if not images.is_floating_point():
        raise InputError(f"inversion needs float images in [0, 1], got {images.dtype}; divide 8-bit images by 255")
    low, high = float(images.min()), float(images.max())
    if bounds is not None and not (bounds[0] <= low and high <= bounds[1]):
        raise InputError(f"images range over [{low:g}, {high:g}], outside {list(bounds)}; rescale them")
    return images


def _check_finite(residual: torch.Tensor, name: str) -> None:
    bad = (~residual.isfinite()).nonzero().flatten().tolist()
    if bad:
        raise InputError(
            f"{name}: the loss of image {bad[0]} (and {len(bad) - 1} more) is not finite during "
            "inversion: its features are zero, NaN or infinite; check the weights, or leave the image out"
        )
