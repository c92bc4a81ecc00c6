"""The same function in other weights: hidden units of a block permuted, or rescaled, where nothing outside can see it.

Known blocks: those of timm's vision transformers and of BERT and DistilBERT in transformers (hidden units of the MLP,
value and output projection of attention), and the residual blocks of timm's ResNets (channels between convolutions,
with their BatchNorm). A ReLU lets positive factors through; a GELU does not, so of a transformer only values are
rescaled. Block outputs stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier

Network = TypeVar("Network", bound=nn.Module)

#: Layers that make and read the hidden units of an MLP: timm, BERT, DistilBERT.
_MLPS = (("mlp.fc1", "mlp.fc2"), ("intermediate.dense", "output.dense"), ("ffn.lin1", "ffn.lin2"))
_LARGEST = 4.0  # factor by which a unit is rescaled, or divided


def permuted_units(model: Network, *, seed: int) -> Network:
    """A copy whose hidden units stand in another order: the same outputs of every block, up to rounding.

    Raises:
        InputError: if the backbone has no block of a known kind.
    """
    random = torch.Generator().manual_seed(seed)

    def change(inner: list[Tensor], outer: list[Tensor]) -> None:
        order = torch.randperm(len(inner[0]), generator=random).to(inner[0].device)
        for tensor in inner:
            tensor.copy_(tensor[order].clone())
        for tensor in outer:
            tensor.copy_(tensor[:, order].clone())

    return _changed(model, change, scaling=False)


def rescaled_units(model: Network, *, seed: int) -> Network:
    """A copy whose hidden units are multiplied by factors from 1/4 to 4, taken back where they are read.

    Raises:
        InputError: if the backbone has no block of a known kind.
    """
    random = torch.Generator().manual_seed(seed)

    def change(inner: list[Tensor], outer: list[Tensor]) -> None:
        factor = _LARGEST ** (2 * torch.rand(len(inner[0]), generator=random) - 1).to(inner[0].device)
        for tensor in inner:
            tensor.mul_(factor.view(-1, *[1] * (tensor.ndim - 1)))
        for tensor in outer:
            tensor.div_(factor.view(1, -1, *[1] * (tensor.ndim - 2)))

    return _changed(model, change, scaling=True)


def permuted_classes(model: Classifier, *, seed: int) -> tuple[Classifier, list[int]]:
    """A copy whose classes stand in another order, and the new place of each class."""
    order = torch.randperm(len(model.classes), generator=torch.Generator().manual_seed(seed))
    found = copy.deepcopy(model)
    found.classes = [model.classes[int(place)] for place in order]
    with torch.no_grad():
        found.head.weight.copy_(model.head.weight[order])
        found.head.bias.copy_(model.head.bias[order])
    return found, torch.argsort(order).tolist()


def scaled_scores(model: Classifier, factor: float) -> Classifier:
    """A copy whose logits are multiplied by a positive factor.

    With two classes log-odds are, too. With more they are not: `z_y - log sum exp z_k` is not proportional to z.
    """
    found = copy.deepcopy(model)
    with torch.no_grad():
        found.head.weight.mul_(factor)
        found.head.bias.mul_(factor)
    return found


def _changed(model: Network, change: Callable[[list[Tensor], list[Tensor]], None], *, scaling: bool) -> Network:
    found = copy.deepcopy(model)
    with torch.no_grad():
        units = [each for module in found.modules() for each in _units(module, scaling)]
        if not units:
            name = model.architecture.name if isinstance(model, Classifier) else type(model).__name__
            raise InputError(f"{name}: hidden units of its blocks are not known; use a ViT or a ResNet of timm")
        for inner, outer in units:
            change(inner, outer)
    return found


def _units(module: Any, scaling: bool) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    """Weights by hidden unit of a block's own layers: those whose rows make them, those whose columns read them."""
    if _has(module, "attn.qkv", "attn.proj"):  # timm
        width = module.attn.proj.weight.shape[1]
        yield from _of_values(module.attn.qkv, module.attn.proj, module.attn.num_heads, 2 * width)
    if _has(module, "attention.self.value", "attention.output.dense"):  # BERT
        inner = module.attention.self
        yield from _of_values(inner.value, module.attention.output.dense, inner.num_attention_heads)
    if _has(module, "attention.v_lin", "attention.out_lin"):  # DistilBERT
        inner = module.attention
        yield from _of_values(inner.v_lin, inner.out_lin, inner.n_heads)
    for made, read in _MLPS if not scaling else ():
        if _has(module, made, read):
            first = module.get_submodule(made)
            yield [first.weight, first.bias], [module.get_submodule(read).weight]
    if _has(module, "conv1", "bn1", "conv2"):
        yield from _of_convolutions(module, scaling)


def _has(module: nn.Module, *names: str) -> bool:
    there = dict(module.named_modules())
    return all(name in there for name in names)


def _of_values(made: Any, read: Any, heads: int, first: int = 0) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    """Dimensions of the values of each head; `first` is their first row in the layer that makes them."""
    width = read.weight.shape[1]
    size = width // heads
    for start in range(0, width, size):
        rows = slice(first + start, first + start + size)
        biases = [made.bias[rows]] if made.bias is not None else []
        yield [made.weight[rows], *biases], [read.weight[:, start : start + size]]


def _of_convolutions(block: Any, scaling: bool) -> Iterator[tuple[list[Tensor], list[Tensor]]]:
    """Channels between two convolutions; a rescaling acts behind the BatchNorm."""
    for number in (1, 2):
        reader = getattr(block, f"conv{number + 1}", None)
        if reader is None or reader.groups > 1:
            return
        norm = getattr(block, f"bn{number}")
        made = [norm.weight, norm.bias]
        if not scaling:
            made += [getattr(block, f"conv{number}").weight, norm.running_mean, norm.running_var]
        yield made, [reader.weight]
