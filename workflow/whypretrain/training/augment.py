"""Augmentation: batched functions on the device; all chance comes from the generator that is passed in."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Generator, Tensor

from whypretrain.config.augmentation import Augmentation


def augment(images: Tensor, setting: Augmentation, generator: Generator) -> Tensor:
    """Images changed at random, each by its own draw.

    Args:
        images: float, (B, C, H, W), in [0, 1].
        setting: the sizes of the changes; what is zero draws nothing.
        generator: on the images' device.
    """
    if _moves(setting):
        images = warp(images, affine_matrices(len(images), setting, generator))
    if setting.crop:
        images = random_crop(images, setting.crop, generator)
    if setting.flip:
        mirrored = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) < 0.5
        images = torch.where(mirrored, images.flip(3), images)
    if setting.noise:
        noise = torch.randn(images.shape, generator=generator, device=images.device)
        images = (images + setting.noise * noise).clamp(0, 1)
    return images


def affine_matrices(number: int, setting: Augmentation, generator: Generator) -> Tensor:
    """Random maps from output to input coordinates ([-1, 1] on each axis), (number, 2, 3).

    Linear part: rotation times shear, over the size factor, times the side of the resized crop; shift:
    translation and the crop's place. A crop of area a has side sqrt(a), with a uniform in [setting.area, 1].
    """
    draw = torch.rand(6, number, generator=generator, device=generator.device, dtype=torch.float32)
    signed = 2 * draw - 1
    angle = math.radians(setting.rotation) * signed[0]
    shear = torch.tan(math.radians(setting.shear) * signed[1])
    side = torch.sqrt(1 - (1 - setting.area) * draw[2])
    size = side * torch.exp(-math.log1p(setting.scale) * signed[3])
    cos, sin = size * torch.cos(angle), size * torch.sin(angle)
    shift = (2 * setting.translation + 1 - side) * signed[4:]  # (2, number)
    rows = [torch.stack([cos, cos * shear - sin, shift[0]]), torch.stack([sin, sin * shear + cos, shift[1]])]
    return torch.stack(rows).permute(2, 0, 1)


def warp(images: Tensor, matrices: Tensor) -> Tensor:
    """Bilinear sampling of the images at affinely mapped places, (B, C, H, W); the border goes on outside."""
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def random_crop(images: Tensor, padding: int, generator: Generator) -> Tensor:
    """Pad with zeros on all sides and cut the size back out at a random place."""
    number, _, height, width = images.shape
    padded = F.pad(images, [padding] * 4).permute(0, 2, 3, 1)  # (B, H + 2p, W + 2p, C)
    corner = torch.randint(2 * padding + 1, (2, number, 1, 1), generator=generator, device=images.device)
    rows = corner[0] + torch.arange(height, device=images.device)[:, None]  # (B, H, 1)
    columns = corner[1] + torch.arange(width, device=images.device)  # (B, 1, W)
    image = torch.arange(number, device=images.device)[:, None, None]
    return padded[image, rows, columns].permute(0, 3, 1, 2).contiguous()


def _moves(setting: Augmentation) -> bool:
    return bool(setting.rotation or setting.translation or setting.scale or setting.shear or setting.area < 1)
