"""Other libraries' names for weights, as timm has them.

torchvision's ViT, ConvNeXt and Swin (ResNet and VGG: timm does it), the EfficientNets of `efficientnet_pytorch`, and
the ViT, DeiT, DINOv2 and MAE of transformers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn

_Rule = tuple[str, str | Callable[[re.Match[str]], str]]

_MLP: list[_Rule] = [(r"\.mlp\.(?:linear_1|0)\.", ".mlp.fc1."), (r"\.mlp\.(?:linear_2|3)\.", ".mlp.fc2.")]


def _stage(found: re.Match[str], stages: str, within: str, between: str) -> str:
    """torchvision counts stages (odd) and the reductions between them (even) in one list; timm has each reduction
    at the start of the stage that follows."""
    number, rest = int(found[1]), found[2]
    return f"{stages}.{(number - 1) // 2}.{within}{rest}" if number % 2 else f"{stages}.{number // 2}.{between}{rest}"


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
_TELLING = {"encoder.pos_embedding": _VIT, "features.1.0.layer_scale": _CONVNEXT, "features.0.2.weight": _SWIN}


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


_OUTER = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
_SQUEEZE = {"_se_reduce": "se.conv_reduce", "_se_expand": "se.conv_expand"}
_EXPANDED = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
_EXPANDED |= {"_project_conv": "conv_pwl", "_bn2": "bn3", **_SQUEEZE}
_SEPARABLE = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2", **_SQUEEZE}


def from_efficientnet_pytorch(state: dict[str, Tensor], backbone: nn.Module) -> dict[str, Tensor]:
    """The state dict under timm's names, where its own are those of `efficientnet_pytorch`; else as it is.

    The blocks are counted through there, in timm by stage; those beyond the backbone's keep their names.
    """
    if "_conv_stem.weight" not in state or not isinstance(stages := getattr(backbone, "blocks", None), nn.Sequential):
        return state
    places = [
        f"blocks.{name}.{index}" for name, stage in stages.named_children() for index, _ in stage.named_children()
    ]

    def renamed(name: str) -> str:
        found = re.fullmatch(r"_blocks\.(\d+)\.(\w+)(.*)", name)
        if not found:
            module, _, rest = name.partition(".")
            return f"{_OUTER.get(module, module)}.{rest}"
        number, module, rest = int(found[1]), found[2], found[3]
        inner = _EXPANDED if f"_blocks.{number}._expand_conv.weight" in state else _SEPARABLE
        return f"{places[number]}.{inner.get(module, module)}{rest}" if number < len(places) else name

    return {renamed(name): value for name, value in state.items()}


_TRANSFORMERS: list[_Rule] = [
    (r"^(?:vit|deit|dinov2)\.", ""),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.distillation_token$", "dist_token"),
    (r"^encoder\.layer\.(\d+)\.", r"blocks.\1."),
    (r"\.attention\.attention\.(query|key|value)\.", r".attn.\1."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.layer_scale(\d)\.lambda1$", r".ls\1.gamma"),
    (r"^layernorm\.", "norm."),
    (r"^(?:cls_)?classifier\.", "head."),
    (r"^distillation_classifier\.", "head_dist."),
]


def from_transformers(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """The state dict under timm's names, where its own are those of transformers' ViTs; else as it is; and notes.

    Queries, keys and values are one tensor in timm. What serves pre-training alone is left out: mask token, pooler,
    MAE's decoder.
    """
    if not any(name.endswith("embeddings.patch_embeddings.projection.weight") for name in state):
        return state, []
    named = {_renamed(name, _TRANSFORMERS): value for name, value in state.items()}
    dropped = [name for name in named if re.match(r"embeddings\.mask_token|pooler\.|decoder\.", name)]
    kept = {name: value for name, value in named.items() if name not in dropped}
    for name in [name for name in kept if ".attn.query." in name]:
        parts = [name.replace("query", part) for part in ("query", "key", "value")]
        if all(part in kept for part in parts):
            kept[name.replace("query", "qkv")] = torch.cat([kept.pop(part) for part in parts])
    what = ", ".join(dict.fromkeys(name.partition(".")[0] for name in dropped)).replace("embeddings", "mask token")
    return kept, [f"left out, since it serves pre-training alone: {what}"] if dropped else []


def _renamed(name: str, rules: list[_Rule]) -> str:
    for pattern, new in rules:
        name = re.sub(pattern, new, name)
    return name
