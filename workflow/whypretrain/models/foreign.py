"""State dicts of other libraries and training scripts, under timm's names and in the model's shapes."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from torch import Tensor, nn

from whypretrain.models.classifier import Classifier, projection_of
from whypretrain.models.renaming import from_torchvision
from whypretrain.models.storage import fill

State = dict[str, Tensor]

# Telling names of each family, with what they count.
_FAMILIES = {
    r"^blocks\.(\d+)\.": "a ViT of {} blocks",
    r"^layer(\d+)\.": "a ResNet of {} stages",
    r"^layers\.(\d+)\.": "a Swin of {} stages",
    r"^stages\.(\d+)\.": "a ConvNeXt of {} stages",
    r"^features\.(\d+)\.": "a VGG of {} layers",
}

# What published checkpoints mostly are, by their names in timm.
_USUAL = (
    *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
    *(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
    *(
        f"vit_{size}_patch{side}_224"
        for size in ("tiny", "small", "base", "large")
        for side in (16, 32)
        if (size, side) != ("tiny", 32)
    ),
    *(f"convnext_{size}" for size in ("tiny", "small", "base")),
    *(f"swin_{size}_patch4_window7_224" for size in ("tiny", "small", "base")),
)


def load_foreign(model: Classifier, state: State, source: str) -> list[str]:
    """Fill `model` from a foreign state dict; returns notes on what was dropped, drawn anew or resampled.

    Raises:
        InputError: if names or shapes differ, with what the state dict looks like.
    """
    plain = _unprefixed(state)
    named = _timm_names(model.backbone, plain)
    heads = _head_prefixes(model.backbone)
    body = {name: value for name, value in named.items() if not name.startswith(heads)}
    body = _for_channels(model, body)
    head = {name.removeprefix(heads[0]): value for name, value in named.items() if name.startswith(heads[0])}
    model.projection = projection_of(head)
    fitting, notes = _fitting_head(model, head) if model.projection is None else _projection(model, head)
    whole = {f"backbone.{name}": value for name, value in body.items()} | fitting
    fill(model, whole, source, hint=lambda: _advice(plain, body))
    return notes + [
        f"{name} was resampled from {tuple(plain[name].shape)} to {tuple(value.shape)}"
        for name, value in body.items()
        if name in plain and plain[name].shape != value.shape
    ]


def _advice(plain: State, body: State) -> str:
    """What the state dict looks like, and the architecture of timm that it fits, if it is among the usual ones."""
    fitting = next((name for name in _USUAL if _fits(name, plain)), None)
    mend = f"; set architecture: {{name: {fitting}}} without options" if fitting else ""
    return f"the file looks like {looks_like(body)}{mend}"


def _fits(name: str, plain: State) -> bool:
    """Whether timm's model has the names and shapes of the state dict, heads aside; nothing is computed."""
    import timm
    import torch

    with torch.device("meta"):
        backbone = timm.create_model(name, num_classes=0)
    heads = _head_prefixes(backbone)
    found = {
        key: value.shape for key, value in _timm_names(backbone, plain).items() if not key.startswith(heads)
    }
    return found == {key: value.shape for key, value in backbone.state_dict().items()}


def looks_like(state: State) -> str:
    """The family and depth that a state dict's names tell, e.g. `a ViT of 12 blocks, width 192`."""
    for pattern, words in _FAMILIES.items():
        counted = {found[1] for name in state if (found := re.match(pattern, name))}
        if counted:
            width = state["pos_embed"].shape[-1] if "pos_embed" in state else None
            return words.format(len(counted)) + (f", width {width}" if width else "")
    return "none of the known families"


def _unprefixed(state: State) -> State:
    """Without the prefixes of DataParallel and of MoCo, whose query encoder is the one to keep."""
    if all(name.startswith("module.") for name in state):
        state = {name.removeprefix("module."): value for name, value in state.items()}
    query = {name: value for name, value in state.items() if name.startswith("encoder_q.")}
    return {name.removeprefix("encoder_q."): value for name, value in (query or state).items()}


def _timm_names(backbone: nn.Module, state: State) -> State:
    """Through the filter that timm keeps for the family; it knows the names and shapes of other libraries."""
    if any(name.startswith("backbone.") for name in state):  # a Classifier's own file
        own_head = _head_prefixes(backbone)[0]
        state = {re.sub(r"^head\.", own_head, name): value for name, value in state.items()}
        state = {name.removeprefix("backbone."): value for name, value in state.items()}
    state = from_torchvision(state)
    module = sys.modules[type(backbone).__module__]
    try:
        if hasattr(module, "checkpoint_filter_fn"):
            return module.checkpoint_filter_fn(state, backbone)
        return module._filter_fn(state) if hasattr(module, "_filter_fn") else state
    except (KeyError, RuntimeError, ValueError, AttributeError, AssertionError):
        return state  # made for another family: the comparison of names will say so, more clearly


def _head_prefixes(backbone: nn.Module) -> tuple[str, ...]:
    names: str | Sequence[str] = backbone.pretrained_cfg["classifier"]  # type: ignore[index, assignment]
    return tuple(f"{name}." for name in ([names] if isinstance(names, str) else names))


def _for_channels(model: Classifier, state: State) -> State:
    from timm.models import adapt_input_conv

    first = f"{model.backbone.pretrained_cfg['first_conv']}.weight"  # type: ignore[index]
    weight, channels = state.get(first), model.architecture.channels
    if weight is None or weight.ndim != 4 or weight.shape[1] != 3 or channels == 3:
        return state
    return {**state, first: adapt_input_conv(channels, weight)}


def _projection(model: Classifier, head: State) -> tuple[State, list[str]]:
    """The projection of a contrastive checkpoint, by which source data are chosen, and a head of the model's own."""
    drawn = {f"head.{name}": value for name, value in model.head.state_dict().items()}
    kept = {f"projection.{name}": value for name, value in head.items()}
    width = len(head["2.bias"])
    return kept | drawn, [
        f"the projection to {width} dimensions serves selection alone; a new head was drawn"
    ]


def _fitting_head(model: Classifier, head: State) -> tuple[State, list[str]]:
    """The file's head where it has the model's shape, else the model's own, freshly drawn, and a note."""
    drawn = model.head.state_dict()
    if head.keys() == drawn.keys() and all(head[name].shape == drawn[name].shape for name in drawn):
        return {f"head.{name}": value for name, value in head.items()}, []
    told = "was dropped" if head else "is not in the file"
    note = f"the head {told}; a new one for {len(model.classes)} classes was drawn"
    return {f"head.{name}": value for name, value in drawn.items()}, [note]
