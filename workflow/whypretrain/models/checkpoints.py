"""Checkpoints made elsewhere, brought into a `Classifier`; nothing in them is ever executed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.models.architecture import Architecture
from whypretrain.models.classifier import Classifier, build
from whypretrain.models.foreign import State, load_foreign
from whypretrain.models.storage import read_safetensors


def import_checkpoint(
    architecture: Architecture, source: str, classes: Sequence[str], *, seed: int = 0
) -> tuple[Classifier, list[str]]:
    """A classifier with the weights of `source`, in evaluation mode, and notes on what was changed for it.

    `source` is `timm:NAME` or `torchvision:WEIGHTS` (`ResNet50_Weights.IMAGENET1K_V1`), fetched by these libraries
    together with their normalisation, or `file:PATH`: safetensors, a PyTorch state dict (plain, under
    `state_dict` or `model`, prefixed `module.`, MoCo's `encoder_q`), or an AugReg .npz (Steiner et al.,
    arXiv:2106.10270). timm resamples positions, patches and input channels. A head for other classes is
    dropped; the new one is drawn from `seed`.

    Raises:
        InputError: if the source cannot be read, holds more than tensors, or does not fit the architecture.
    """
    kind, _, place = source.partition(":")
    fetch = {"timm": _from_timm, "torchvision": _from_torchvision}.get(kind)
    if (fetch is None and kind != "file") or not place:
        raise InputError(f"checkpoint {source!r}: give timm:NAME, torchvision:WEIGHTS or file:PATH")
    if fetch is not None:
        state, published = fetch(place)
        architecture = _normalised_as(published, architecture)
        model = build(architecture, classes, seed=seed)
        notes = [f"images are normalised as {source} was: {architecture.mean}, {architecture.std}"]
        return model.eval(), notes + load_foreign(model, state, source)
    model, path = build(architecture, classes, seed=seed), Path(place)
    if not path.is_file():
        raise InputError(f"checkpoint {path}: no such file")
    load = _load_augreg if path.suffix == ".npz" else _load_file
    return model.eval(), load(model, path)


def _from_timm(name: str) -> tuple[State, Mapping[str, Any]]:
    import timm

    try:
        published: Any = timm.create_model(name, pretrained=True)
    except (OSError, RuntimeError, ValueError) as error:  # no network; no such name or tag; no weights
        raise _not_fetched(f"timm:{name}", error) from error
    return published.state_dict(), published.pretrained_cfg


def _from_torchvision(name: str) -> tuple[State, Mapping[str, Any]]:
    from torchvision.models import get_weight

    try:
        weights: Any = get_weight(name)
        state = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (OSError, RuntimeError, ValueError, KeyError, UnpicklingError) as error:  # as above
        raise _not_fetched(f"torchvision:{name}", error) from error
    return dict(state), vars(weights.transforms())


def _not_fetched(source: str, error: Exception) -> InputError:
    return InputError(
        f"checkpoint {source}: could not be fetched ({_first_line(error)}); "
        "check the name and the network, or fetch the file elsewhere and give file:PATH"
    )


def _normalised_as(published: Mapping[str, Any], architecture: Architecture) -> Architecture:
    # Images with another number of channels get the mean over the checkpoint's.
    values = {key: tuple(published[key]) for key in ("mean", "std")}
    if len(values["mean"]) != architecture.channels:
        values = {key: (sum(found) / len(found),) for key, found in values.items()}
    return replace(architecture, mean=values["mean"], std=values["std"])


def _load_file(model: Classifier, path: Path) -> list[str]:
    state = read_safetensors(path) if path.suffix == ".safetensors" else _unpickled_tensors(path)
    return load_foreign(model, state, str(path))


def _unpickled_tensors(path: Path) -> State:
    """The state dict of a PyTorch file, out of the wrappers that training scripts put around it."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise InputError(
            f"checkpoint {path}: damaged, or it holds more than tensors, which is never executed "
            f"({_first_line(error)}); save its state dict alone, best as safetensors"
        ) from error
    for wrapper in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    items = found.items() if isinstance(found, Mapping) else ()
    tensors = {str(name): value for name, value in items if isinstance(value, Tensor)}
    if not tensors:
        raise InputError(f"checkpoint {path}: holds no state dict, nor one under 'state_dict' or 'model'")
    return tensors


def _load_augreg(model: Classifier, path: Path) -> list[str]:
    """Through timm's reader of .npz, after a check of the depth, which that reader leaves out."""
    backbone: Any = model.backbone
    if not hasattr(backbone, "load_pretrained"):
        raise InputError(f"checkpoint {path}: an .npz holds a ViT; {model.architecture.name} is none")
    try:
        with np.load(path, allow_pickle=False) as file:
            blocks = {found[1] for name in file.files if (found := re.search(r"encoderblock_(\d+)/", name))}
        if blocks and len(blocks) != len(backbone.blocks):
            raise ValueError(f"it has {len(blocks)} blocks, the model {len(backbone.blocks)}; set depth")
        backbone.load_pretrained(str(path))
    except (KeyError, ValueError, RuntimeError, OSError, EOFError, zipfile.BadZipFile) as error:
        reason = _first_line(error)
        raise InputError(f"checkpoint {path}: does not fit {model.architecture.name} ({reason})") from error
    return [f"the head was dropped; a new one for {len(model.classes)} classes was drawn"]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
