"""Folders of weights, as `save_pretrained`, transformers' `Trainer` and timm's hub write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from whypretrain.errors import InputError
from whypretrain.models.reading import Content, read_file
from whypretrain.provenance import ENDINGS
from whypretrain.runtime.files import read_json

#: Files of weights in the order in which they are looked for; .index.json lists the parts of a large one.
_NAMES = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json", "pytorch_model.bin.index.json")
_ADAPTERS = ("adapter_config.json", "adapter_model.safetensors", "adapter_model.bin")


class Folder(NamedTuple):
    """What a folder says about its model.

    Attributes:
        content: of its files of weights.
        published: mean and std by which its images were normalised, as far as it says so.
        classes: names of the classes of its head, in their order; None where it names none.
        notes: what was chosen.
    """

    content: Content
    published: Mapping[str, Any]
    classes: list[str] | None
    notes: list[str]


def read_folder(folder: Path) -> Folder:
    """The weights in a folder, and what its JSON files say about them.

    Raises:
        InputError: if it holds none, or several files, or an adapter in place of weights.
    """
    if any((folder / name).exists() for name in _ADAPTERS):
        raise InputError(
            f"checkpoint {folder}: holds an adapter (LoRA, PEFT), which is no model by itself; merge it first: "
            "PeftModel.from_pretrained(model, FOLDER).merge_and_unload().save_pretrained(MERGED)"
        )
    notes = []
    if not _weights(folder) and (last := _last_checkpoint(folder)):
        notes = [f"the weights are those of {last.name}, the last checkpoint there"]
        folder = last
    files = _weights(folder)
    if not files:
        raise InputError(f"checkpoint {folder}: no file of weights in this folder; give one, e.g. {_NAMES[0]}")
    parts = [read_file(path) for path in files]
    value = parts[0].value if len(parts) == 1 else {k: v for part in parts for k, v in _mapping(part, folder).items()}
    content = Content(value, sorted({name for part in parts for name in part.left_out}))
    return Folder(content, _normalisation(folder), _classes(folder), notes)


def told_by(folder: Path) -> dict[str, Any]:
    """Name of the architecture and size of its images, as timm's config.json in a folder says them, where it does."""
    config = _json(folder, "config.json")
    timm = config.get("pretrained_cfg")
    size = timm.get("input_size") if isinstance(timm, Mapping) else None
    return {"architecture": config.get("architecture"), "size": size[-1] if isinstance(size, list) and size else None}


def _weights(folder: Path) -> list[Path]:
    """The files of weights in a folder: the usual one or its parts, else the only one."""
    for name in _NAMES:
        if (folder / name).is_file():
            if not name.endswith(".index.json"):
                return [folder / name]
            parts = sorted(set(read_json(folder / name).get("weight_map", {}).values()))
            if any("/" in str(part) for part in parts):
                raise InputError(
                    f"checkpoint {folder / name}: names a part outside its folder; give the files themselves"
                )
            return [folder / str(part) for part in parts]
    found = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix in ENDINGS]
    found = [path for path in found if not re.match(r"(optimizer|scheduler|training_args|rng_state|scaler)", path.name)]
    if len(found) > 1:
        listed = ", ".join(path.name for path in found[:8])
        raise InputError(f"checkpoint {folder}: several files of weights, {listed}; give one of them, file:{found[0]}")
    return found


def _last_checkpoint(folder: Path) -> Path | None:
    """The last of the folders `checkpoint-STEP` that a `Trainer` leaves."""
    steps = {
        int(found[1]): path for path in folder.iterdir() if (found := re.fullmatch(r"checkpoint-(\d+)", path.name))
    }
    return steps[max(steps)] if steps else None


def _mapping(content: Content, folder: Path) -> Mapping[str, Any]:
    if not isinstance(content.value, Mapping):
        raise InputError(f"checkpoint {folder}: a part holds no state dict; save the model again")
    return content.value


def _json(folder: Path, name: str) -> Mapping[str, Any]:
    found = read_json(folder / name) if (folder / name).is_file() else {}
    return found if isinstance(found, Mapping) else {}


def _normalisation(folder: Path) -> dict[str, Any]:
    """Mean and std, by timm's `pretrained_cfg` or by the image processor of transformers."""
    timm, processor = _json(folder, "config.json").get("pretrained_cfg"), _json(folder, "preprocessor_config.json")
    own = timm if isinstance(timm, Mapping) else {}
    named = {"mean": own.get("mean", processor.get("image_mean")), "std": own.get("std", processor.get("image_std"))}
    return {key: value for key, value in named.items() if isinstance(value, list) and value}


def _classes(folder: Path) -> list[str] | None:
    """Names of classes by their index, of transformers (`id2label`) or timm (`label_names`)."""
    config = _json(folder, "config.json")
    timm = config.get("pretrained_cfg")
    labels = config.get("label_names") or (timm.get("label_names") if isinstance(timm, Mapping) else None)
    ids = config.get("id2label")
    if isinstance(ids, Mapping) and all(str(key).isdigit() for key in ids):
        labels = [ids[key] for key in sorted(ids, key=int)]
    named = [str(label) for label in labels] if isinstance(labels, list) else []
    generic = all(name == f"LABEL_{index}" for index, name in enumerate(named))
    return None if generic or len(set(named)) < len(named) else named
