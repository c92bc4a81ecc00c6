"""Where a timm backbone can be read between its blocks: per family, the embedding and the list of blocks.

The output of a block is what its residual stream carries after the addition. Swin, ConvNeXt and VGG are read
at the ends of their stages, and so are families without a line here, where timm's `feature_info` names the ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

WHOLE = "features"  # what the only block is called where none within the backbone is known
_STAGES = "_stages_read"  # attribute of a backbone: its modules that can be read, once that was tried


class BlockPath(NamedTuple):
    """The way of an image through a backbone up to its last block."""

    embed: Callable[[Tensor], Tensor]
    names: list[str]
    blocks: list[nn.Module]

    def upto(self, number: int | None) -> BlockPath:
        """The way up to block `number`, 1-based; None: the whole."""
        return self._replace(names=self.names[:number], blocks=self.blocks[:number])

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


class Taps(NamedTuple):
    """The way of an image through any backbone that runs its blocks one after the other; hooks read their outputs.

    Where that does not work, its only block is the backbone itself, whose output are the pooled features.
    """

    backbone: nn.Module
    names: list[str]
    blocks: list[nn.Module]

    def upto(self, number: int | None) -> Taps:
        """As `BlockPath.upto`; later blocks are not run."""
        return self._replace(names=self.names[:number], blocks=self.blocks[:number])

    def outputs(self, images: Tensor) -> Iterator[Tensor]:
        """Yield the output of block 1, 2, ..., all of them from one pass."""
        yield from self._read(images, lambda number, output: (output, output))

    def staircase(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """As `BlockPath.staircase`."""
        sizes = [len(part) for part in parts]
        yield from self._read(
            torch.cat(tuple(parts)), lambda number, output: (output[: sizes[number]], output[sizes[number] :])
        )

    def _read(self, images: Tensor, split: Callable[[int, Tensor], tuple[Tensor, Tensor]]) -> list[Tensor]:
        """What `split` takes from the output of each block; it also says what the next one is given."""
        found: list[Tensor] = []

        def tap(block: nn.Module, given: object, output: object) -> Tensor:
            if block is not self.blocks[len(found)] or not isinstance(output, Tensor):
                raise TypeError(f"{self.names[len(found)]} is not what runs next, or gives no tensor")
            taken, rest = split(len(found), output)
            found.append(taken.clone())  # what follows may work in place
            if len(found) == len(self.blocks):
                raise _Read
            return rest

        hooks = [block.register_forward_hook(tap) for block in self.blocks]
        try:
            self.backbone(images)
        except _Read:
            return found
        finally:
            for hook in hooks:
                hook.remove()
        raise LookupError(f"{self.names[len(found)]} did not run")

    def works(self, shape: Sequence[int]) -> bool:
        """Whether both ways of reading give the same for an image of the shape (C, H, W)."""
        training = self.backbone.training
        image = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
        image = image.to(next(self.backbone.parameters()).device)
        self.backbone.eval()
        try:
            with torch.no_grad():
                pairs = zip(self.outputs(image), self.staircase([image] * len(self.names)), strict=True)
                return all(
                    each.shape == other.shape and (each.is_meta or torch.allclose(each, other, 1e-3, 1e-4))
                    for each, other in pairs
                )
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError, AssertionError):
            return False
        finally:
            self.backbone.train(training)


class _Read(Exception):  # noqa: N818
    """All that was asked for is read: the rest of the pass is left out."""


def block_path(backbone: nn.Module, shape: Sequence[int]) -> BlockPath | Taps:
    """The embedding and the blocks of a timm backbone: of its family, else the stages that timm's `feature_info` names.

    Where these cannot be read, tried once on an image of the shape (C, H, W), the only block is the whole backbone,
    named `features`.
    """
    from timm.models.convnext import ConvNeXt
    from timm.models.efficientnet import EfficientNet
    from timm.models.mobilenetv3 import MobileNetV3
    from timm.models.regnet import RegNet
    from timm.models.resnet import ResNet
    from timm.models.swin_transformer import SwinTransformer
    from timm.models.vgg import VGG
    from timm.models.vision_transformer import VisionTransformer

    families: dict[type[nn.Module], Callable[..., BlockPath]] = {
        VisionTransformer: _vit,
        ResNet: _resnet,
        EfficientNet: _efficientnet,
        MobileNetV3: _efficientnet,
        RegNet: _regnet,
        SwinTransformer: _swin,
        ConvNeXt: _convnext,
        VGG: _vgg,
    }
    for family, path in families.items():
        if isinstance(backbone, family):
            return path(backbone)
    named = getattr(backbone, _STAGES, None)
    if named is None:
        found = [each["module"] for each in getattr(backbone, "feature_info", ()) if each.get("module")]
        modules = dict(backbone.named_modules())
        works = found and modules.keys() >= set(found) and _taps(backbone, found).works(shape)
        named = found if works else [""]
        setattr(backbone, _STAGES, named)
    return _taps(backbone, named)


def _taps(backbone: nn.Module, modules: list[str]) -> Taps:
    return Taps(backbone, [name or WHOLE for name in modules], [backbone.get_submodule(name) for name in modules])


def _vit(vit) -> BlockPath:
    def embed(images: Tensor) -> Tensor:
        return vit.norm_pre(vit.patch_drop(vit._pos_embed(vit.patch_embed(images))))  # (B, tokens, d)

    return _listed(embed, "blocks", vit.blocks)


def _resnet(resnet) -> BlockPath:
    def embed(images: Tensor) -> Tensor:
        return resnet.maxpool(resnet.act1(resnet.bn1(resnet.conv1(images))))

    return _staged(embed, {f"layer{stage}": getattr(resnet, f"layer{stage}") for stage in range(1, 5)})


def _efficientnet(efficientnet) -> BlockPath:
    def embed(images: Tensor) -> Tensor:
        return efficientnet.bn1(efficientnet.conv_stem(images))  # with its activation

    return _staged(embed, {f"blocks.{number}": stage for number, stage in enumerate(efficientnet.blocks)})


def _regnet(regnet) -> BlockPath:
    return _staged(regnet.stem, {f"s{number}": getattr(regnet, f"s{number}") for number in range(1, 5)})


def _swin(swin) -> BlockPath:
    return _listed(swin.patch_embed, "layers", swin.layers)


def _convnext(convnext) -> BlockPath:
    return _listed(convnext.stem, "stages", convnext.stages)


def _vgg(vgg) -> BlockPath:
    """Stages that end at the five poolings."""
    ends = [index + 1 for index, layer in enumerate(vgg.features) if isinstance(layer, nn.MaxPool2d)]
    stages = [vgg.features[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return _listed(nn.Identity(), "stages", stages)


def _staged(embed: Callable[[Tensor], Tensor], stages: Mapping[str, nn.Module]) -> BlockPath:
    blocks = {f"{name}.{key}": block for name, stage in stages.items() for key, block in stage.named_children()}
    return BlockPath(embed, list(blocks), list(blocks.values()))


def _listed(embed: Callable[[Tensor], Tensor], name: str, blocks) -> BlockPath:
    return BlockPath(embed, [f"{name}.{index}" for index in range(len(blocks))], list(blocks))
