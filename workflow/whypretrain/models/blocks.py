"""Where a timm backbone can be read between its blocks: per family, the embedding and the list of blocks.

The output of a block is what its residual stream carries after the addition. Swin, ConvNeXt and VGG are read
at the ends of their stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from whypretrain.errors import InputError


class BlockPath(NamedTuple):
    """The way of an image through a backbone up to its last block."""

    embed: Callable[[Tensor], Tensor]
    names: list[str]
    blocks: list[nn.Module]

    def outputs(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the output of block 1, 2, ...; a block runs only when its output is asked for."""
        x = self.embed(images)
        for block in self.blocks:
            x = block(x)
            yield x

    def staircase(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the output of block 1 on the first part, of block 2 on the second, ...; they run together."""
        x = self.embed(torch.cat(tuple(parts)))
        for block, part in zip(self.blocks, parts, strict=True):
            done, x = block(x).split([len(part), len(x) - len(part)])
            yield done


def block_path(backbone: nn.Module) -> BlockPath:
    """The embedding and the blocks of a timm ViT, ResNet, Swin, ConvNeXt or VGG.

    Raises:
        InputError: for a backbone of another family, naming its class.
    """
    from timm.models.convnext import ConvNeXt
    from timm.models.resnet import ResNet
    from timm.models.swin_transformer import SwinTransformer
    from timm.models.vgg import VGG
    from timm.models.vision_transformer import VisionTransformer

    families: dict[type[nn.Module], Callable[..., BlockPath]] = {
        VisionTransformer: _vit,
        ResNet: _resnet,
        SwinTransformer: _swin,
        ConvNeXt: _convnext,
        VGG: _vgg,
    }
    for family, path in families.items():
        if isinstance(backbone, family):
            return path(backbone)
    known = ", ".join(family.__name__ for family in families)
    raise InputError(f"{type(backbone).__name__} has no known blocks; use a model of timm's classes {known}")


def _vit(vit) -> BlockPath:
    def embed(images: Tensor) -> Tensor:
        return vit.norm_pre(vit.patch_drop(vit._pos_embed(vit.patch_embed(images))))  # (B, tokens, d)

    return _listed(embed, "blocks", vit.blocks)


def _resnet(resnet) -> BlockPath:
    def embed(images: Tensor) -> Tensor:
        return resnet.maxpool(resnet.act1(resnet.bn1(resnet.conv1(images))))

    stages = {f"layer{stage}": getattr(resnet, f"layer{stage}") for stage in range(1, 5)}
    blocks = {f"{name}.{index}": block for name, stage in stages.items() for index, block in enumerate(stage)}
    return BlockPath(embed, list(blocks), list(blocks.values()))


def _swin(swin) -> BlockPath:
    return _listed(swin.patch_embed, "layers", swin.layers)


def _convnext(convnext) -> BlockPath:
    return _listed(convnext.stem, "stages", convnext.stages)


def _vgg(vgg) -> BlockPath:
    """Stages that end at the five poolings."""
    ends = [index + 1 for index, layer in enumerate(vgg.features) if isinstance(layer, nn.MaxPool2d)]
    stages = [vgg.features[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _listed(nn.Identity(), "stages", stages)


def _listed(embed: Callable[[Tensor], Tensor], name: str, blocks) -> BlockPath:
    return BlockPath(embed, [f"{name}.{index}" for index in range(len(blocks))], list(blocks))
