"""Published weights: fetched once by the library that lists them, and kept as two files that any job can read.

`weights.safetensors` holds the tensors under the names of their library; `weights.json` the checkpoint's name, where
the weights came from (URL; on a hub the revision, too), their SHA-256, and the normalisation of their images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.models.folders import read_folder
from whypretrain.models.reading import first_line
from whypretrain.models.state_dicts import state_of
from whypretrain.models.storage import read_safetensors, write_safetensors
from whypretrain.runtime.files import read_json, sha256, write_json
from whypretrain.runtime.places import WEIGHTS
from whypretrain.runtime.registry import Registry

_TENSORS, _CARD = WEIGHTS


@dataclass(frozen=True)
class Published:
    """Weights as their library gives them.

    Attributes:
        state: tensors by their names in that library.
        mean: of each channel of the images, which are scaled to 0..1; empty where the library does not say.
        std: their standard deviations.
        origin: `url`, and where the hub has one its `revision`.
        classes: names of the head's classes in their order, where the library gives them.
        encoder: of a text model its configuration and tokenizer.
    """

    state: Mapping[str, Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    origin: Mapping[str, str]
    classes: list[str] | None = None
    encoder: Mapping[str, Any] | None = None


def fetch(checkpoint: str) -> Published:
    """The weights of `timm:NAME`, `torchvision:WEIGHTS` or `hf:ORG/NAME@REVISION`, through their library's own cache.

    Raises:
        InputError: if there are no such weights, or no network.
    """
    kind, _, name = checkpoint.partition(":")
    try:
        return FETCHED[kind](name)
    # No network; no such name or tag; no weights.
    except (OSError, RuntimeError, ValueError, KeyError, UnpicklingError) as error:
        raise InputError(
            f"checkpoint {checkpoint}: could not be fetched ({first_line(error)}); "
            "check the name and the network, or fetch the file elsewhere and give file:PATH"
        ) from error


def keep(checkpoint: str, found: Published, folder: str | Path) -> None:
    """Write published weights into `folder`, the card last."""
    path = Path(folder) / _TENSORS
    write_safetensors(path, {name: tensor.clone() for name, tensor in found.state.items()})
    card = {"checkpoint": checkpoint, "mean": found.mean, "std": found.std, "origin": dict(found.origin)}
    card |= {"classes": found.classes} if found.classes else {}
    card |= {"encoder": dict(found.encoder)} if found.encoder else {}
    write_json(Path(folder) / _CARD, {**card, "sha256": sha256(path)})


def kept(checkpoint: str, folder: str | Path) -> Published:
    """Weights that `keep` wrote.

    Raises:
        InputError: if a file is missing or damaged, or the folder holds other weights.
    """
    card, path = read_json(Path(folder) / _CARD), Path(folder) / _TENSORS
    if card.get("checkpoint") != checkpoint:
        raise InputError(f"{folder}: holds {card.get('checkpoint')}, not {checkpoint}; remove it and run again")
    state = read_safetensors(path)
    if sha256(path) != card["sha256"]:
        raise InputError(f"{path}: damaged or changed, its SHA-256 is not the one in {_CARD}; remove it and run again")
    return Published(state, tuple(card["mean"]), tuple(card["std"]), card["origin"], card.get("classes"))


def _from_timm(name: str) -> Published:
    import timm

    model: Any = timm.create_model(name, pretrained=True)
    found: Mapping[str, Any] = model.pretrained_cfg
    return Published(model.state_dict(), tuple(found["mean"]), tuple(found["std"]), _origin(found))


def _origin(found: Mapping[str, Any]) -> dict[str, str]:
    """Of weights that timm fetched; a hub's cache keeps files by revision."""
    from huggingface_hub import hf_hub_url, try_to_load_from_cache

    if not (repository := found.get("hf_hub_id")):
        return {"url": str(found.get("url", ""))}
    names = ("model.safetensors", "pytorch_model.bin")
    cached = {name: try_to_load_from_cache(repository, name) for name in names}
    file, path = next((name, path) for name, path in cached.items() if isinstance(path, str))
    revision = Path(path).parent.name
    return {"url": hf_hub_url(repository, file, revision=revision), "revision": revision}


def _from_torchvision(name: str) -> Published:
    from torchvision.models import get_weight

    weights: Any = get_weight(name)
    state = weights.get_state_dict(progress=False, check_hash=True, weights_only=True)
    preset = weights.transforms()
    return Published(dict(state), tuple(preset.mean), tuple(preset.std), {"url": weights.url})


def _from_hub(name: str) -> Published:
    """A repository of image weights, of timm or transformers; without a revision its main branch as it is today."""
    try:
        from huggingface_hub import hf_hub_url, snapshot_download
    except ImportError as error:
        raise InputError(
            f"checkpoint hf:{name}: needs huggingface_hub; run `pip install 'whypretrain[hub]'`"
        ) from error
    repository, _, revision = name.partition("@")
    files = ["*.json", "*.safetensors", "pytorch_model*.bin", "vocab.txt"]
    folder = Path(snapshot_download(repository, revision=revision or None, allow_patterns=files))
    found = read_folder(folder)
    state, _ = state_of(found.content, f"hf:{name}")
    mean, std = (tuple(found.published.get(key, ())) for key in ("mean", "std"))
    commit = folder.name
    origin = {"url": hf_hub_url(repository, "config.json", revision=commit), "revision": commit}
    return Published(state, mean, std, origin, found.classes, _text_of(folder))


def _text_of(folder: Path) -> dict[str, Any] | None:
    """Configuration and tokenizer of a text model, as they are kept with its weights; None of a model for images."""
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt")):
        return None
    from whypretrain.models.tokenizers import read_tokenizer

    tokenizer = read_tokenizer(folder)
    kept = {"tokenizer": tokenizer.text, "pad": tokenizer.pad, "mask": tokenizer.mask}
    return {"config": read_json(folder / "config.json"), **kept}


#: Where `KIND:NAME` is fetched from.
FETCHED: Registry[Callable[[str], Published]] = {"timm": _from_timm, "torchvision": _from_torchvision, "hf": _from_hub}
