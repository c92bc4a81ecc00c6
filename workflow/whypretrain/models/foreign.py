"""State dicts of other libraries and training scripts, under timm's names and in the model's shapes."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from torch import Tensor

from whypretrain.models.classifier import Classifier
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


def load_foreign(model: Classifier, state: State, source: str) -> list[str]:
    """Fill `model` from a foreign state dict; returns notes on what was dropped, drawn anew or resampled.

    Raises:
        InputError: if names or shapes differ, with what the state dict looks like.
    """
    plain = _unprefixed(state)
    named = _timm_names(model, plain)
    heads = _head_prefixes(model)
    body = {name: value for name, value in named.items() if not name.startswith(heads)}
    body = _for_channels(model, body)
    head = {name.removeprefix(heads[0]): value for name, value in named.items() if name.startswith(heads[0])}
    fitting, notes = _fitting_head(model, head)
    whole = {f"backbone.{name}": value for name, value in body.items()} | fitting
    fill(model, whole, source, hint=f"the file looks like {looks_like(body)}")
    return notes + [
        f"{name} was resampled from {tuple(plain[name].shape)} to {tuple(value.shape)}"
        for name, value in body.items()
        if name in plain and plain[name].shape != value.shape
    ]


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


def _timm_names(model: Classifier, state: State) -> State:
    """Through the filter that timm keeps for the family; it knows the names and shapes of other libraries."""
    if any(name.startswith("backbone.") for name in state):  # a Classifier's own file
        own_head = _head_prefixes(model)[0]
        state = {re.sub(r"^head\.", own_head, name): value for name, value in state.items()}
        state = {name.removeprefix("backbone."): value for name, value in state.items()}
    module = sys.modules[type(model.backbone).__module__]
    try:
        if hasattr(module, "checkpoint_filter_fn"):
            return module.checkpoint_filter_fn(state, model.backbone)
        return module._filter_fn(state) if hasattr(module, "_filter_fn") else state
    except (KeyError, RuntimeError, ValueError, AttributeError, AssertionError):
        return state  # made for another family: the comparison of names will say so, more clearly


def _head_prefixes(model: Classifier) -> tuple[str, ...]:
    names: str | Sequence[str] = model.backbone.pretrained_cfg["classifier"]  # type: ignore[index, assignment]
    return tuple(f"{name}." for name in ([names] if isinstance(names, str) else names))


def _for_channels(model: Classifier, state: State) -> State:
    from timm.models import adapt_input_conv

    first = f"{model.backbone.pretrained_cfg['first_conv']}.weight"  # type: ignore[index]
    weight, channels = state.get(first), model.architecture.channels
    if weight is None or weight.ndim != 4 or weight.shape[1] != 3 or channels == 3:
        return state
    return {**state, first: adapt_input_conv(channels, weight)}


def _fitting_head(model: Classifier, head: State) -> tuple[State, list[str]]:
    """The file's head where it has the model's shape, else the model's own, freshly drawn, and a note."""
    drawn = model.head.state_dict()
    if head.keys() == drawn.keys() and all(head[name].shape == drawn[name].shape for name in drawn):
        return {f"head.{name}": value for name, value in head.items()}, []
    told = "was dropped" if head else "is not in the file"
    note = f"the head {told}; a new one for {len(model.classes)} classes was drawn"
    return {f"head.{name}": value for name, value in drawn.items()}, [note]
