"""torchvision's names for the weights of ViT, ConvNeXt and Swin, as timm has them (ResNet and VGG: timm does it)."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor

_Rule = tuple[str, str | Callable[[re.Match[str]], str]]

_MLP: list[_Rule] = [(r"\.mlp\.(?:linear_1|0)\.", ".mlp.fc1."), (r"\.mlp\.(?:linear_2|3)\.", ".mlp.fc2.")]


def _stage(found: re.Match[str], stages: str, within: str, between: str) -> str:
    """torchvision counts stages (odd) and the reductions between them (even) in one list; timm has each reduction
    at the start of the stage that follows."""
    number, rest = int(found[1]), found[2]
    return (
        f"{stages}.{(number - 1) // 2}.{within}{rest}"
        if number % 2
        else f"{stages}.{number // 2}.{between}{rest}"
    )


_VIT: list[_Rule] = [
    (r"^conv_proj\.", "patch_embed.proj."),
    (r"^class_token$", "cls_token"),
    (r"^encoder\.pos_embedding$", "pos_embed"),
    (r"^encoder\.layers\.encoder_layer_(\d+)\.", r"blocks.\1."),
    (r"^encoder\.ln\.", "norm."),
    (r"\.ln_(\d)\.", r".norm\1."),
    (r"\.self_attention\.in_proj_", ".attn.qkv."),
    (r"\.self_attention\.out_proj\.", ".attn.proj."),
    (r"^heads\.head\.", "head."),
    *_MLP,
]
_CONVNEXT: list[_Rule] = [
    (r"^features\.0\.", "stem."),
    (r"^features\.(\d)\.(.*)", lambda found: _stage(found, "stages", "blocks.", "downsample.")),
    (r"\.block\.0\.", ".conv_dw."),
    (r"\.block\.2\.", ".norm."),
    (r"\.block\.3\.", ".mlp.fc1."),
    (r"\.block\.5\.", ".mlp.fc2."),
    (r"\.layer_scale$", ".gamma"),
    (r"^classifier\.0\.", "head.norm."),
    (r"^classifier\.2\.", "head.fc."),
]
_SWIN: list[_Rule] = [
    (r"^features\.0\.0\.", "patch_embed.proj."),
    (r"^features\.0\.2\.", "patch_embed.norm."),
    (r"^features\.(\d)\.(.*)", lambda found: _stage(found, "layers", "blocks.", "downsample.")),
    (r"^head\.", "head.fc."),
    *_MLP,
]
_TELLING = {
    "encoder.pos_embedding": _VIT,
    "features.1.0.layer_scale": _CONVNEXT,
    "features.0.2.weight": _SWIN,
}


def from_torchvision(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state dict under timm's names, where its own are torchvision's; else as it is."""
    for name, rules in _TELLING.items():
        if name in state:
            return {
                _renamed(key, rules): value.flatten() if key.endswith("layer_scale") else value
                for key, value in state.items()
                if "position_index" not in key  # timm computes it
            }
    return state


def _renamed(name: str, rules: list[_Rule]) -> str:
    for pattern, new in rules:
        name = re.sub(pattern, new, name)
    return name
