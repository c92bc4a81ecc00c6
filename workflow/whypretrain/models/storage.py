"""A model on disk: `model.safetensors` for the weights, `model.json` for what they are."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier, build, projection_of
from whypretrain.models.encoders import architecture_of
from whypretrain.runtime.files import atomic, read_json, sha256, write_json
from whypretrain.runtime.places import MODEL

_WEIGHTS, _CARD = MODEL
_SHOWN = 5  # names listed in a message


def save(model: Classifier, folder: str | Path, provenance: Mapping[str, Any]) -> None:
    """Write the model into `folder`; `provenance` (plain values) says how it came to be.

    `model.json` holds architecture, classes, provenance and the SHA-256 of `model.safetensors`; it is written
    last, so a folder with a matching pair is complete.
    """
    weights = Path(folder) / _WEIGHTS
    write_safetensors(weights, model.state_dict())
    card = {
        "architecture": model.architecture.to_dict(),
        "classes": model.classes,
        "provenance": dict(provenance),
        "sha256": sha256(weights),
    }
    write_json(Path(folder) / _CARD, card)


def load(folder: str | Path) -> Classifier:
    """Read a model written by `save`: evaluation mode, on `device()`. Nothing is unpickled.

    Raises:
        InputError: if a file is missing, damaged or changed, or the weights are of another architecture.
    """
    weights, card_path = Path(folder) / _WEIGHTS, Path(folder) / _CARD
    card = read_json(card_path)
    if missing := {"architecture", "classes", "sha256"} - set(card):
        raise InputError(f"{card_path}: {min(missing)!r} is missing; make the model again")
    if not weights.is_file():
        raise InputError(f"{weights}: missing; remove {card_path} and run the workflow again")
    if sha256(weights) != card["sha256"]:
        raise InputError(f"{weights}: damaged or changed, its SHA-256 is not the one in {_CARD}; make the model again")
    model = build(architecture_of(card["architecture"]), card["classes"], seed=0)
    state = read_safetensors(weights)
    parts = [name.partition(".") for name in state]
    projection = {name: state[f"projection.{name}"] for part, _, name in parts if part == "projection"}
    model.projection = projection_of(projection)
    fill(model, state, weights)
    return model.eval()


def save_checkpoints(states: Mapping[int, Mapping[str, Tensor]], path: str | Path) -> None:
    """Write the state dicts of a training by step, as `load_checkpoints` reads them."""
    named = {f"{step}/{name}": value for step, state in states.items() for name, value in state.items()}
    write_safetensors(path, named)


def load_checkpoints(path: str | Path, model: Classifier) -> Iterator[tuple[int, Classifier]]:
    """Step and model of each checkpoint of a training run, in order of their steps.

    `path` has the keys "<step>/<parameter>"; `model` is a model of that run, and stays as it is.

    Raises:
        InputError: as `read_safetensors`, no checkpoint, or weights of another architecture.
    """
    states: dict[int, dict[str, Tensor]] = {}
    for key, value in read_safetensors(path).items():
        step, _, name = key.partition("/")
        states.setdefault(int(step), {})[name] = value
    if not states:
        raise InputError(f"{path}: holds no checkpoint; train this method with `checkpoints` above 0")
    for number in sorted(states):
        network = copy.deepcopy(model)
        fill(network, states[number], path)
        yield number, network.eval()


def write_safetensors(path: str | Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors, wherever they are, to a safetensors file; no two may share memory."""
    with atomic(path) as temporary:
        state = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        temporary.write_bytes(safetensors.torch.save(state))


def read_safetensors(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU.

    Raises:
        InputError: if the file is missing or damaged.
    """
    try:
        return safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(f"{path}: not a readable safetensors file ({error}); fetch it again") from error


def fill(
    model: Classifier,
    state: Mapping[str, Tensor],
    source: str | Path,
    hint: Callable[[], str] = lambda: "give the architecture of these weights",
    called: Callable[[str], str] = str,
) -> None:
    """Copy `state` into the model, which must have the same names and shapes throughout.

    Raises:
        InputError: if they differ, with at most 5 names of each kind of difference, as they are `called` in the source,
            and the `hint`.
    """
    own = model.state_dict()
    differences = {
        "missing": [called(name) for name in own if name not in state],
        "unexpected": [called(name) for name in state if name not in own],
        "of another shape": [
            f"{called(name)} {tuple(state[name].shape)} for {tuple(tensor.shape)}"
            for name, tensor in own.items()
            if name in state and state[name].shape != tensor.shape
        ],
    }
    if any(differences.values()):
        told = "; ".join(f"{kind}: {_some(names)}" for kind, names in differences.items() if names)
        raise InputError(f"{source}: weights do not fit {model.architecture.name} ({told}); {hint()}")
    model.load_state_dict(dict(state))


def _some(names: Iterable[str]) -> str:
    names = list(names)
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + rest
