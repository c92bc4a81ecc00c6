"""What an image costs a model, counted on tensors without memory: nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from whypretrain.models.architecture import Architecture
from whypretrain.models.classifier import made
from whypretrain.models.encoders import Encoder

_BATCH = 2  # batch norm needs more than one image


@dataclass(frozen=True)
class Cost:
    """Of one image, but for the weights. A multiplication with its addition counts as two floating-point operations.

    Attributes:
        parameters: weights of the model.
        features: length of its features.
        forward: operations of a forward pass.
        training: operations of a forward and a backward pass.
        upto: operations of a forward pass up to each block, in order.
        kept: bytes that a forward pass keeps for the backward pass, float32.
        passing: bytes of what goes into and comes out of the widest module: what a pass without a backward one holds.
    """

    parameters: int
    features: int
    forward: float
    training: float
    upto: tuple[float, ...]
    kept: int
    passing: int


def cost(architecture: Architecture | Encoder, classes: int = 2) -> Cost:
    """Count the cost of an architecture with a head for so many classes.

    Raises:
        InputError: if timm refuses the architecture.
    """
    model, images = _without_memory(architecture, classes)
    widths = _watched(model)
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model(images)
    kept = _Kept(model)
    with FlopCounterMode(display=False) as trained, kept.hooks():
        model(images).sum().backward()
    return Cost(
        parameters=sum(value.numel() for value in model.parameters()),
        features=model.head.in_features,
        forward=counted.get_total_flops() / _BATCH,
        training=trained.get_total_flops() / _BATCH,
        upto=tuple(_upto(model, images)),
        kept=kept.total() // _BATCH,
        passing=max(widths) // _BATCH,
    )


def passing(architecture: Architecture | Encoder) -> int:
    """`Cost.passing` alone, from one forward pass without memory."""
    model, images = _without_memory(architecture, 2)
    widths = _watched(model)
    with torch.no_grad():
        model(images)
    return max(widths) // _BATCH


def _without_memory(architecture: Architecture | Encoder, classes: int) -> tuple[Any, torch.Tensor]:
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        return made(architecture, [str(number) for number in range(classes)]), architecture.blank(_BATCH)


def _watched(model: torch.nn.Module) -> list[int]:
    """A list that every later pass fills with the bytes into and out of each module."""
    widths: list[int] = []
    for module in model.modules():
        module.register_forward_hook(lambda _, given, found: widths.append(_bytes(given) + _bytes(found)))
    return widths


def _bytes(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.nbytes
    return sum(map(_bytes, value)) if isinstance(value, list | tuple) else 0


def _upto(model: Any, images: torch.Tensor) -> list[float]:
    path, found = model.block_path(), list[float]()
    counted = FlopCounterMode(display=False)
    for block in path.blocks:
        block.register_forward_hook(lambda *_: found.append(counted.get_total_flops() / _BATCH))
    with counted, torch.no_grad():
        for _ in path.outputs(images):
            pass
    return found


class _Kept:
    """The memory that autograd keeps, each piece once, the weights left out."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._weights = {value.untyped_storage()._cdata for value in model.state_dict().values()}
        self._sizes: dict[int, int] = {}
        self._alive: list[torch.Tensor] = []  # so that no address is used twice

    def hooks(self) -> torch.autograd.graph.saved_tensors_hooks:
        return torch.autograd.graph.saved_tensors_hooks(self._pack, lambda tensor: tensor)

    def _pack(self, tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in self._weights:
            self._sizes[storage._cdata] = storage.nbytes()
            self._alive.append(tensor)
        return tensor

    def total(self) -> int:
        return sum(self._sizes.values())
