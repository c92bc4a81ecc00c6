"""A classifier cut behind its stem, so that parts of its first feature map can be hidden in place of pixels."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

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
    of a ResNet the first convolution with its ReLU, of a VGG the convolutions before the first pooling: two
    in VGG-16, as in arXiv 2407.19198.

    Raises:
        InputError: for a backbone of another family, naming its class.
    """
    backbone: Any = model.backbone
    family = next((each.__name__ for each in type(backbone).__mro__ if each.__name__ in _STEMS), None)
    if family is None:
        known = ", ".join(_STEMS)
        raise InputError(
            f"{type(backbone).__name__} has no known stem; use a model of timm's classes {known}"
        )
    parts = [getattr(backbone, name) for name in _STEMS[family]]
    behind: list[nn.Module] = [nn.Identity() for _ in parts]
    if family == "VGG":
        pooling = next(i for i, layer in enumerate(backbone.features) if isinstance(layer, nn.MaxPool2d))
        parts, behind = [backbone.features[:pooling]], [backbone.features[pooling:]]
    tail = _replaced(backbone, dict(zip(_STEMS[family], behind, strict=True)))
    to_map, from_map = _layout(family, parts[0])
    return Cut(
        lambda images: to_map(nn.Sequential(*parts)(model.normalised(images))),
        lambda features: model.head(tail(from_map(features))),
    )


def _replaced(module: nn.Module, children: dict[str, nn.Module]) -> nn.Module:
    """A copy of the module with other children in the place of some; all else is shared."""
    found = copy.copy(module)
    found._modules = {**module._modules, **children}
    return found


def _layout(family: str, stem: Any) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    """From the stem's own layout to (B, d, h, w), and back."""
    if family == "VisionTransformer":  # (B, h * w, d)
        return (
            lambda tokens: tokens.transpose(1, 2).unflatten(2, stem.grid_size),
            lambda features: features.flatten(2).transpose(1, 2),
        )
    if family == "SwinTransformer":  # (B, h, w, d)
        return lambda x: x.permute(0, 3, 1, 2), lambda x: x.permute(0, 2, 3, 1)
    return lambda x: x, lambda x: x
