"""A classifier cut behind its stem, so that parts of its first feature map can be hidden in place of pixels."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier

# The modules of timm that make up the stem: the patch embedding, or the first convolutions up to their ReLU.
_STEMS = {
    "VisionTransformer": ("patch_embed",),
    "SwinTransformer": ("patch_embed",),
    "ResNet": ("conv1", "bn1", "act1"),
    "ConvNeXt": ("stem",),
    "VGG": ("features",),
    "EfficientNet": ("conv_stem", "bn1"),
    "MobileNetV3": ("conv_stem", "bn1"),
    "RegNet": ("stem",),
}


class Cut(NamedTuple):
    """The two parts of a classifier; `rest(stem(images))` are its logits.

    Attributes:
        stem: images in [0, 1], (B, C, H, W), to a feature map (B, d, h, w).
        rest: that map to logits (B, K).
    """

    stem: Callable[[Tensor], Tensor]
    rest: Callable[[Tensor], Tensor]


def cut_at_stem(model: Classifier) -> Cut:
    """Cut a classifier behind its stem; both parts share its weights.

    The stem of a ViT, Swin or ConvNeXt is its patch embedding (positions and class token are added behind it),
    of a ResNet or EfficientNet the first convolution with its activation, of a VGG the convolutions before the first
    pooling: two in VGG-16, as in arXiv 2407.19198. Of any other family it is the module with the first convolution and
    at most half of the weights, if the two parts then give the logits of the whole.

    Raises:
        InputError: for a backbone that cannot be cut, naming its class.
    """
    backbone: Any = model.backbone
    family = next((each.__name__ for each in type(backbone).__mro__ if each.__name__ in _STEMS), None)
    if family == "VGG":
        pooling = next(i for i, layer in enumerate(backbone.features) if isinstance(layer, nn.MaxPool2d))
        stem, tail = backbone.features[:pooling], _replaced(backbone, "features", backbone.features[pooling:])
        return _joined(model, stem, tail, "maps")
    if family is None:
        return _checked(model)
    parts, tail = [getattr(backbone, name) for name in _STEMS[family]], backbone
    for name in _STEMS[family]:
        tail = _replaced(tail, name, nn.Identity())
    layout = {"VisionTransformer": "tokens", "SwinTransformer": "channels last"}.get(family, "maps")
    return _joined(model, nn.Sequential(*parts), tail, layout, getattr(parts[0], "grid_size", None))


def _joined(model: Classifier, stem: nn.Module, tail: nn.Module, layout: str, grid: Any = None) -> Cut:
    """Both parts between the stem's own layout and (B, d, h, w)."""
    to_map, from_map = {
        "maps": (lambda x: x, lambda x: x),
        "channels last": (lambda x: x.permute(0, 3, 1, 2), lambda x: x.permute(0, 2, 3, 1)),
        "tokens": (lambda x: x.transpose(1, 2).unflatten(2, grid), lambda x: x.flatten(2).transpose(1, 2)),
    }[layout]
    return Cut(lambda images: to_map(stem(model.normalised(images))), lambda x: model.head(tail(from_map(x))))


def _checked(model: Classifier) -> Cut:
    """The cut of a family without a line in `_STEMS`, if it works on an image."""
    backbone, side, training = model.backbone, model.architecture.size, model.training
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, model.architecture.channels, side, side, generator=generator).to(model.head.weight.device)
    model.eval()
    try:
        with torch.no_grad():
            name = _stem_of(backbone)
            stem: Any = backbone.get_submodule(name)
            layout = _layout(backbone, stem(model.normalised(image)))
            cut = _joined(
                model, stem, _replaced(backbone, name, nn.Identity()), layout, getattr(stem, "grid_size", None)
            )
            works = torch.allclose(cut.rest(cut.stem(image)), model(image), rtol=1e-4, atol=1e-4)
    except (AttributeError, RuntimeError, TypeError, ValueError, LookupError, AssertionError, StopIteration):
        works = False
    model.train(training)
    if not works:
        raise InputError(
            f"{type(backbone).__name__} has no known stem; use a ViT, ResNet, EfficientNet or ConvNeXt of timm, "
            "or level: input"
        )
    return cut


def _stem_of(backbone: Any) -> str:
    """The name of the largest module with the first convolution that has at most half of the weights."""
    first, total = backbone.pretrained_cfg["first_conv"].split("."), sum(x.numel() for x in backbone.parameters())
    names = (".".join(first[:length]) for length in range(1, len(first) + 1))
    return next(
        name for name in names if 2 * sum(x.numel() for x in backbone.get_submodule(name).parameters()) <= total
    )


def _layout(backbone: Any, features: Tensor) -> str:
    """How a stem lays out what it finds in a square image."""
    if features.ndim == 3:
        return "tokens"
    square = features.shape[1] == features.shape[2]
    last = square and (features.shape[2] != features.shape[3] or getattr(backbone, "output_fmt", "") == "NHWC")
    return "channels last" if last else "maps"


def _replaced(module: nn.Module, name: str, child: nn.Module) -> nn.Module:
    """A copy of the module with another child of that dotted name; all else is shared."""
    first, _, rest = name.partition(".")
    found = copy.copy(module)
    found._modules = {**module._modules, first: _replaced(module.get_submodule(first), rest, child) if rest else child}
    return found
