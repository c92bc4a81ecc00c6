"""State dicts of other libraries and training scripts, under timm's names and in the model's shapes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence

import torch
from torch import nn

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier, projection_of
from whypretrain.models.renaming import from_efficientnet_pytorch, from_torchvision, from_transformers
from whypretrain.models.state_dicts import Choice, State, unwrapped
from whypretrain.models.storage import fill

# Telling names of each family, with what they count.
_FAMILIES = {
    r"^blocks\.(\d+)\.\d+\.": "an EfficientNet of {} stages",
    r"^_blocks\.(\d+)\.": "an EfficientNet of {} blocks",
    r"^blocks\.(\d+)\.": "a ViT of {} blocks",
    r"^layer(\d+)\.": "a ResNet of {} stages",
    r"^layers\.(\d+)\.": "a Swin of {} stages",
    r"^stages\.(\d+)\.": "a ConvNeXt of {} stages",
    r"^features\.(\d+)\.": "a VGG of {} layers",
    r"^s(\d+)\.b1\.": "a RegNet of {} stages",
}

# What published checkpoints mostly are, by family and by their names in timm.
_USUAL = {
    "ResNet": [f"resnet{depth}" for depth in (18, 34, 50, 101, 152)],
    "VGG": [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")],
    "ViT": [
        f"vit_{size}_patch{side}_224"
        for size in ("tiny", "small", "base", "large")
        for side in (16, 32)
        if (size, side) != ("tiny", 32)
    ],
    "ConvNeXt": [f"convnext_{size}" for size in ("tiny", "small", "base")],
    "Swin": [f"swin_{size}_patch4_window7_224" for size in ("tiny", "small", "base")],
    "EfficientNet": [
        *(f"tf_efficientnet_{size}" for size in ("lite0", "lite1", "lite2", "b0", "b1")),
        *("efficientnet_b0", "mobilenetv2_100", "mobilenetv3_small_100", "mobilenetv3_large_100"),
    ],
    "RegNet": ["regnetx_002", "regnety_002", "regnety_004", "regnety_016"],
}


def load_foreign(
    model: Classifier, state: State, source: str, choice: Choice | None = None, *, head_needed: bool = False
) -> list[str]:
    """Fill `model` from a foreign state dict; returns notes on what was dropped, drawn anew or resampled.

    Args:
        choice: of two encoders in one state dict, the trained one (raw) or the averaged one (ema).
        head_needed: refuse a file without a head for the model's classes.

    Raises:
        InputError: if names or shapes differ, with what the state dict looks like; if a weight is not a finite number.
    """
    _check_no_adapter(state, source)
    plain, notes = _plainly_named(model.backbone, state, choice)
    named = _timm_names(model.backbone, _own_head(model.backbone, plain))
    heads = _head_prefixes(model.backbone)
    body = {name: value for name, value in named.items() if not name.startswith(heads)}
    body, more = _without_pretraining(_for_channels(model, _with_counters(model.backbone, body)), model.backbone)
    head = {name.removeprefix(heads[0]): value for name, value in named.items() if name.startswith(heads[0])}
    model.projection = projection_of(head)
    fitting, drawn = _fitting_head(model, head) if model.projection is None else _projection(model, head)
    if head_needed and drawn:
        raise InputError(
            f"{source}: {drawn[0].partition(';')[0]}, but a trained model needs one; {_of_head(model, head)}"
        )
    whole = {f"backbone.{name}": value for name, value in body.items()} | fitting
    _check_numbers(whole, model, source)
    theirs = {id(value): name for name, value in state.items()}
    called = {f"backbone.{name}": theirs.get(id(value), name) for name, value in body.items()}
    fill(
        model,
        whole,
        source,
        hint=lambda: _advice(plain, body),
        called=lambda name: called.get(name, name.removeprefix("backbone.")),
    )
    return [*notes, *more, *drawn] + [
        f"{name} was resampled from {tuple(plain[name].shape)} to {tuple(value.shape)}"
        for name, value in body.items()
        if name in plain and plain[name].shape != value.shape
    ]


def _plainly_named(backbone: nn.Module, state: State, choice: Choice | None) -> tuple[State, list[str]]:
    """Without the prefixes of modules around the backbone, under timm's names as far as rules of ours go."""
    own = set(backbone.state_dict())
    state, notes = unwrapped(state, own, choice)
    state, more = from_transformers(from_efficientnet_pytorch(from_torchvision(state), backbone))
    return state, notes + more


def _own_head(backbone: nn.Module, state: State) -> State:
    """With a linear head that stood next to the backbone under the name that timm gives the backbone's own."""
    own = _head_prefixes(backbone)[0]
    if any(name.startswith(own) for name in state):
        return state
    heads = [head for head in ("head.", "fc.", "classifier.") if {f"{head}weight", f"{head}bias"} <= state.keys()]
    names = {f"{head}{part}": f"{own}{part}" for head in heads[:1] for part in ("weight", "bias")}
    return {names.get(name, name): value for name, value in state.items()}


def _of_head(model: Classifier, head: State) -> str:
    outputs = next((len(value) for name, value in head.items() if name.endswith("bias")), None)
    found = f"the file's has {outputs} outputs" if outputs else "save it with its head"
    return f"the data have {len(model.classes)} classes, {found}"


def _check_no_adapter(state: State, source: str) -> None:
    if name := next((name for name in state if re.search(r"\.lora_[AB]\.|\.base_layer\.|lora_embedding", name)), None):
        raise InputError(
            f"checkpoint {source}: holds an adapter (LoRA: {name}), which is not merged here; save the model after "
            "merge_and_unload()"
        )


def _check_numbers(whole: State, model: Classifier, source: str) -> None:
    own = model.state_dict()
    for full, value in whole.items():
        name = full.removeprefix("backbone.")
        if full not in own or not own[full].is_floating_point():
            continue
        if not value.is_floating_point():
            kind = str(value.dtype).removeprefix("torch.")
            raise InputError(f"checkpoint {source}: {name} is {kind}; give weights that are not quantised")
        if bad := int((~torch.isfinite(value.float())).sum()):
            raise InputError(
                f"checkpoint {source}: {name} has {bad} of {value.numel()} values that are NaN or infinite; "
                "take an earlier checkpoint of that training"
            )


def _with_counters(backbone: nn.Module, body: State) -> State:
    """With the counters of BatchNorm, which files from before PyTorch 0.4.1 lack; no forward pass reads them."""
    counters = {name: value for name, value in backbone.state_dict().items() if name.endswith("num_batches_tracked")}
    return body if counters.keys() & body.keys() else {**body, **{name: 0 * value for name, value in counters.items()}}


def _without_pretraining(body: State, backbone: nn.Module) -> tuple[State, list[str]]:
    """Without what serves pre-training alone: MAE's decoder, mask tokens, projectors."""
    own = backbone.state_dict()
    dropped = [name for name in body if name not in own and re.match(r"(decoder|mask_token|projector|predictor)", name)]
    what = ", ".join(dict.fromkeys(name.partition(".")[0] for name in dropped))
    kept = {name: value for name, value in body.items() if name not in dropped}
    return kept, [f"left out, since it serves pre-training alone: {what}"] if dropped else []


def _advice(plain: State, body: State) -> str:
    """What the state dict looks like, and the architecture of timm that it fits, if it is among the usual ones."""
    family = looks_like(body)
    usual = next((names for word, names in _USUAL.items() if f" {word} " in family), [])
    fix = f"; set architecture: {{name: {found}}} without options" if (found := next(fitting(plain, usual), "")) else ""
    return f"the file looks like {family}{fix}"


def fitting(state: State, names: Sequence[str] | None = None) -> Iterator[str]:
    """Of timm's architectures `names`, by default the usual ones, those whose names and shapes the state dict has.

    Heads aside; nothing is computed.
    """
    import timm

    for name in _likely(state) if names is None else names:
        with torch.device("meta"):
            backbone = timm.create_model(name, num_classes=0)
        heads, own = _head_prefixes(backbone), backbone.state_dict()
        plain = _own_head(backbone, _plainly_named(backbone, state, None)[0])
        body = {key: each for key, each in _timm_names(backbone, plain).items() if not key.startswith(heads)}
        body = _without_pretraining(_with_counters(backbone, body), backbone)[0]
        if {key: each.shape for key, each in body.items()} == {key: each.shape for key, each in own.items()}:
            yield name


def _likely(state: State) -> list[str]:
    """The usual architectures of the family that the names show, wherever they are; all of them if none does."""
    for cut in range(4):  # names of modules around the backbone
        family = looks_like(
            {name.split(".", cut)[-1]: value for name, value in state.items() if name.count(".") >= cut}
        )
        if found := next((names for word, names in _USUAL.items() if f" {word} " in family), None):
            return found
    return [each for usual in _USUAL.values() for each in usual]


def looks_like(state: State) -> str:
    """The family and depth that a state dict's names tell, e.g. `a ViT of 12 blocks, width 192`."""
    for pattern, words in _FAMILIES.items():
        counted = {found[1] for name in state if (found := re.match(pattern, name))}
        if counted:
            width = state["pos_embed"].shape[-1] if "pos_embed" in state else None
            return words.format(len(counted)) + (f", width {width}" if width else "")
    return "none of the known families"


def _timm_names(backbone: nn.Module, state: State) -> State:
    """Through the filter that timm keeps for the family; it knows the names and shapes of other libraries."""
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
    return kept | drawn, [f"the projection to {width} dimensions serves selection alone; a new head was drawn"]


def _fitting_head(model: Classifier, head: State) -> tuple[State, list[str]]:
    """The file's head where it has the model's shape, else the model's own, freshly drawn, and a note."""
    drawn = model.head.state_dict()
    several = len(_head_prefixes(model.backbone)) > 1  # a distilled network averages two, each on its own token
    if not several and head.keys() == drawn.keys() and all(head[name].shape == drawn[name].shape for name in drawn):
        return {f"head.{name}": value for name, value in head.items()}, []
    told = "was dropped" if head else "is not in the file"
    note = f"the head {told}; a new one for {len(model.classes)} classes was drawn"
    return {f"head.{name}": value for name, value in drawn.items()}, [note]
