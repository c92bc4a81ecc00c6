"""The networks that are scored: trained ones, an untrained control, and what they were along their training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whypretrain import models
from whypretrain.config.parts import REINITIALISED
from whypretrain.errors import InputError
from whypretrain.models import Classifier
from whypretrain.runtime.files import read_json, sha256


@dataclass(frozen=True)
class Network:
    """A classifier to score, and what the archive says about it: name, the key of its weights, and more."""

    about: dict[str, Any]
    model: Classifier

    @property
    def name(self) -> str:
        """What the tables call it, as a rule its training method."""
        return self.about["name"]


def trained_networks(folders: Mapping[str, Path], classes: list[str], *, control: bool = False) -> list[Network]:
    """The trained models in `folders`, by name: methods, or controls.

    Raises:
        InputError: if a model's classes are not `classes`.
    """
    networks = []
    for name, folder in folders.items():
        model = models.load(folder)
        if model.classes != classes:
            raise InputError(f"{folder}: classes differ in name or order from the data set's; train it on this target")
        key = read_json(folder / "model.json")["sha256"]
        networks.append(Network({"name": name, "key": key, "control": control}, model))
    return networks


def untrained_network(like: Classifier, seed: int) -> Network:
    """A control: new weights from the seed in another model's architecture."""
    model = models.build(like.architecture, like.classes, seed=seed).eval()
    key = f"{like.architecture.to_dict()} reinitialised {seed}"
    return Network({"name": REINITIALISED, "key": key, "control": True}, model)


def checkpoints(final: Network, path: Path) -> Iterator[Network]:
    """What a network was along its training, in order of steps (see `models.load_checkpoints`)."""
    key = sha256(path)
    for step, model in models.load_checkpoints(path, final.model):
        yield Network({"name": final.name, "step": step, "key": f"{key}/{step}"}, model)
