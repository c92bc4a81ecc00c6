"""The state dict in what a training script saved: out of its wrappers, without the prefixes of its modules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.models.reading import Content, Inert

State = dict[str, Tensor]
Choice = Literal["ema", "raw"]

# What training scripts call the weights, where other state dicts lie next to them.
_USUAL = ("state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "backbone", "encoder")
_AVERAGED = re.compile(r"(^|[_.])(ema|swa|averaged|teacher|shadow|momentum|slow)([_.]|$)|_avg$")
_NO_MODEL = re.compile(
    r"(^|_)(optim\w*|sched\w*|scaler|criterion|loss\w*|hparams|hyper_parameters|callbacks|args|rng\w*|amp|metrics?|loops)(_|$)"
)
_DEPTH = 4  # of mappings within mappings
_BOOKKEEPING = {"n_averaged", "queue", "queue_ptr", "center", "step", "epoch"}
# Pairs of encoders in one state dict: the one that was trained, and the one that follows it.
_PAIRS = [("encoder_q", "encoder_k"), ("base_encoder", "momentum_encoder"), ("online_encoder", "target_encoder")]
_PAIRS += [("student", "teacher"), ("model", "model_ema"), ("model", "ema_model"), ("encoder", "target_encoder")]
_HEADS = ("head", "fc", "classifier", "heads")


def state_of(content: Content, source: str, choice: Choice | None = None) -> tuple[State, list[str]]:
    """The state dict in what a file holds, and notes on the choice between several and on what was left out.

    Averaged weights (EMA) are taken where the file has them next to raw ones, as timm does, unless `choice` is raw.

    Raises:
        InputError: if there is none, or several of which none is the usual one, with the keys that there are.
    """
    found, left_out = content
    candidates = dict(_candidates(found, ()))
    raw = {key: state for key, state in candidates.items() if not _AVERAGED.search(key)}
    averaged = {key: state for key, state in candidates.items() if key not in raw}
    if not candidates:
        more = f" (and objects of {', '.join(left_out[:3])}, which are never executed)" if left_out else ""
        raise InputError(f"checkpoint {source}: holds no state dict, nor one under a key{more}; {_told(found)}")
    if choice and not (averaged if choice == "ema" else raw):
        other = "averaged" if choice == "ema" else "raw"
        raise InputError(
            f"checkpoint {source}: holds no {other} weights, only {', '.join(candidates)}; leave out `state: {choice}`"
        )
    both = bool(raw and averaged)
    group = averaged if choice == "ema" or (averaged and choice is None) else raw
    key = _the_one(group, source)
    foreign = ", ".join(name for name in left_out if not name.startswith("torch.nn.modules."))
    notes = [f"objects of other libraries were left out: {foreign}"] if foreign else []
    if both:
        which, rest = ("averaged", "raw") if group is averaged else ("raw", "ema")
        others = ", ".join(name for name in candidates if name not in group)
        notes.append(f"the {which} weights under {key!r} were taken; `state: {rest}` takes {others}")
    elif len(group) > 1:
        notes.append(f"the weights under {key!r} were taken, not {', '.join(name for name in group if name != key)}")
    return group[key], notes


def _candidates(found: Any, path: tuple[str, ...]) -> Iterator[tuple[str, State]]:
    """Every mapping of names to tensors, by its dotted key; a mapping that holds another such is none itself.

    A whole model that was saved as an object has the parameters and buffers of all its modules.
    """
    if isinstance(found, Inert) and (tensors := dict(_of_module(found))):
        yield ".".join(path), tensors
    if not isinstance(found, Mapping) or len(path) > _DEPTH:
        return
    inner = [
        each
        for key, value in found.items()
        if isinstance(value, Mapping | Inert) and isinstance(key, str) and not _NO_MODEL.search(key)
        for each in _candidates(value, (*path, key))
    ]
    tensors = {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if inner:
        yield from inner
    elif any(value.is_floating_point() and value.ndim for value in tensors.values()):
        yield ".".join(path), tensors


def _of_module(module: Inert, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The state dict of a module of which only the attributes are there."""
    passing = module.state.get("_non_persistent_buffers_set", ())
    for kind in ("_parameters", "_buffers"):
        for name, value in (module.state.get(kind) or {}).items():
            if isinstance(value, Tensor) and name not in passing:
                yield f"{prefix}{name}", value.detach()
    for name, inner in (module.state.get("_modules") or {}).items():
        if isinstance(inner, Inert):
            yield from _of_module(inner, f"{prefix}{name}.")


def _the_one(group: Mapping[str, State], source: str) -> str:
    """The key of the model's weights among those of several state dicts."""
    usual = [key for key in group if key.split(".")[-1].removesuffix("_ema") in _USUAL or key.endswith("teacher")]
    found = list(group) if len(group) == 1 else usual
    if len(found) != 1:
        raise InputError(
            f"checkpoint {source}: holds several state dicts, under {', '.join(group)}; save the model's alone"
        )
    return found[0]


def _told(found: Any) -> str:
    if not isinstance(found, Mapping):
        return f"it is a {type(found).__name__}; save the model's state dict"
    keys = ", ".join(str(key)[:40] for key in list(found)[:12]) or "none"
    return f"its keys are {keys}; save the model's state dict"


def unwrapped(state: State, own: Collection[str], choice: Choice | None = None) -> tuple[State, list[str]]:
    """The tensors of the backbone and its head without the prefixes of modules around them, and notes on the rest.

    Args:
        state: names as in the file.
        own: names of the backbone's tensors; a state dict with some of them is left as it is.
        choice: of two encoders, raw: the trained one, ema: that which follows it; None: the trained one.
    """
    notes: list[str] = []
    state = {name: value for name, value in state.items() if name.rpartition(".")[2] not in _BOOKKEEPING}
    while state and not any(name in own for name in state):
        firsts = {name.partition(".")[0] for name in state}
        pair = next((pair for pair in _PAIRS if firsts >= set(pair)), None)
        if len(firsts) == 1:
            inner, rest = _below(state, next(iter(firsts))), State()
        elif pair:
            taken, other = reversed(pair) if choice == "ema" else pair
            inner, rest = _below(state, taken), {}
            if choice or taken != "encoder_q":  # of MoCo, nobody means another
                notes.append(f"the weights of {taken} were taken, not those of {other}")
        else:
            inner, rest = _within(state, firsts, own)
        if not inner:
            break
        heads = {name: value for name, value in rest.items() if name.partition(".")[0] in _HEADS}
        if dropped := sorted({name.partition(".")[0] for name in rest.keys() - heads.keys()}):
            notes.append(f"left out, next to the backbone: {', '.join(dropped)} ({len(rest) - len(heads)} in number)")
        state = {**heads, **inner}
    return state, notes


def _below(state: State, first: str) -> State:
    return {name.removeprefix(f"{first}."): value for name, value in state.items() if name.startswith(f"{first}.")}


def _within(state: State, firsts: Collection[str], own: Collection[str]) -> tuple[State, State]:
    """The part of a state dict below the prefix under which the backbone lies, and the others; both empty if none."""
    for first in sorted(set(firsts).difference(_HEADS)):
        inner = _below(state, first)
        known = sum(name in own or name.partition(".")[2] in own for name in inner)
        if 2 * known >= len(inner):
            return inner, {name: value for name, value in state.items() if not name.startswith(f"{first}.")}
    return {}, {}
