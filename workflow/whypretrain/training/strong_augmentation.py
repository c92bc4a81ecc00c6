"""Strong views of images for the consistency loss: RandAugment and Cutout on batches (arXiv:2001.07685, 1909.13719).

Two of fourteen changes are drawn for each image; each is made with probability 1/2, at a strength drawn from
0.1 to 0.9 of its largest. Then one grey square of half the image's side always hides a part.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from whypretrain.training.augment import warp

_CHANGES = 2  # drawn for each image
_HIDDEN = 0.5  # side of the grey square over that of the image
_MOST_TURN, _MOST_SHIFT, _MOST_SHEAR = math.radians(30), 0.3, 0.3  # of rotation, translation, shear


def strong_view(images: Tensor, generator: Generator) -> Tensor:
    """Images changed strongly, each by its own draw.

    Args:
        images: float, (B, C, H, W), in [0, 1].
        generator: on the images' device; decides every draw.
    """
    number, device = len(images), images.device
    for _ in range(_CHANGES):
        kind = torch.randint(len(CHANGES), (number,), generator=generator, device=device)
        made = torch.rand(number, generator=generator, device=device) < 0.5
        strength = torch.randint(1, 10, (number,), generator=generator, device=device) / 10
        sign = torch.randint(2, (number,), generator=generator, device=device) * 2 - 1
        images = _changed(images, torch.where(made, kind, -1), strength, sign)
    return cut_out(images, generator)


def cut_out(images: Tensor, generator: Generator) -> Tensor:
    """Hide one grey square of half the side, around a uniformly drawn pixel; the border cuts it off."""
    number, _, height, width = images.shape
    centre = torch.rand(2, number, 1, 1, generator=generator, device=images.device)
    rows = (torch.arange(height, device=images.device)[:, None] + 0.5) / height  # (H, 1)
    columns = (torch.arange(width, device=images.device) + 0.5) / width  # (W,)
    hidden = ((rows - centre[0]).abs() <= _HIDDEN / 2) & ((columns - centre[1]).abs() <= _HIDDEN / 2)
    return torch.where(hidden[:, None], 0.5, images)


def _changed(images: Tensor, kind: Tensor, strength: Tensor, sign: Tensor) -> Tensor:
    """Each image changed by the one of `CHANGES` that its `kind` counts; -1 leaves it as it is."""
    result = images.clone()
    for index, change in enumerate(CHANGES.values()):
        rows = (kind == index).nonzero()[:, 0]
        if len(rows):
            signed = strength[rows] * sign[rows]
            result[rows] = change(images[rows], strength[rows, None, None, None], signed).clamp(0, 1)
    return result


def _matrices(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row) for row in rows]).permute(2, 0, 1)


def _rotate(images: Tensor, _: Tensor, signed: Tensor) -> Tensor:
    cos, sin = torch.cos(_MOST_TURN * signed), torch.sin(_MOST_TURN * signed)
    zero = torch.zeros_like(signed)
    return warp(images, _matrices([[cos, -sin, zero], [sin, cos, zero]]))


def _move(images: Tensor, row: tuple[float, float, float], signed: Tensor, axis: int) -> Tensor:
    """Displacement along one axis (0 horizontal): `row` times the signed strength, added to the identity."""
    zero, one = torch.zeros_like(signed), torch.ones_like(signed)
    identity = [[one, zero, zero], [zero, one, zero]]
    identity[axis] = [start + step * signed for start, step in zip(identity[axis], row, strict=True)]
    return warp(images, _matrices(identity))


def _blend(images: Tensor, other: Tensor, signed: Tensor) -> Tensor:
    """Away from `other` or towards it: the difference times 1 + signed strength, 0.1 to 1.9."""
    return other + (1 + signed)[:, None, None, None] * (images - other)


def _grey(images: Tensor) -> Tensor:
    return images.mean(1, keepdim=True)


def _smoothed(images: Tensor) -> Tensor:
    """Mean of the 3 x 3 pixels around, the border repeated."""
    padded = torch.nn.functional.pad(images, [1] * 4, mode="replicate")
    return torch.nn.functional.avg_pool2d(padded, 3, stride=1)


def _autocontrast(images: Tensor, _: Tensor, signed: Tensor) -> Tensor:
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    return torch.where(high > low, (images - low) / (high - low).clamp(min=1e-6), images)


def _equalize(images: Tensor, _: Tensor, signed: Tensor) -> Tensor:
    """Each pixel's rank within its channel: the share of pixels that are darker."""
    flat = images.flatten(2).contiguous()  # (B, C, HW)
    ordered = flat.sort(2).values
    darker = torch.searchsorted(ordered, flat)
    brightest = torch.searchsorted(ordered, ordered[:, :, -1:].contiguous()).clamp(min=1)
    return (darker / brightest).to(images.dtype).view_as(images)


def _posterize(images: Tensor, strength: Tensor, signed: Tensor) -> Tensor:
    """Between 8 and 4 bits a channel."""
    levels = 2 ** (8 - torch.round(4 * strength))
    return torch.floor(images * 255 * levels / 256) / levels * 256 / 255


def _solarize(images: Tensor, strength: Tensor, signed: Tensor) -> Tensor:
    """Inverts what is brighter than a threshold, lower for larger strengths."""
    return torch.where(images > 1 - strength, 1 - images, images)


Change = Callable[[Tensor, Tensor, Tensor], Tensor]  # images, strength (B, 1, 1, 1), signed strength (B,)
CHANGES: dict[str, Change] = {
    "identity": lambda images, strength, signed: images,
    "autocontrast": _autocontrast,
    "brightness": lambda images, strength, signed: _blend(images, torch.zeros_like(images), signed),
    "colour": lambda images, strength, signed: _blend(images, _grey(images), signed),
    "contrast": lambda images, strength, signed: _blend(images, images.mean((1, 2, 3), keepdim=True), signed),
    "equalize": _equalize,
    "posterize": _posterize,
    "rotate": _rotate,
    "sharpness": lambda images, strength, signed: _blend(images, _smoothed(images), signed),
    "shear_x": lambda images, strength, signed: _move(images, (0, _MOST_SHEAR, 0), signed, 0),
    "shear_y": lambda images, strength, signed: _move(images, (_MOST_SHEAR, 0, 0), signed, 1),
    "solarize": _solarize,
    "translate_x": lambda images, strength, signed: _move(images, (0, 0, 2 * _MOST_SHIFT), signed, 0),
    "translate_y": lambda images, strength, signed: _move(images, (0, 0, 2 * _MOST_SHIFT), signed, 1),
}
