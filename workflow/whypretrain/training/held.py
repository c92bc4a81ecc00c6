"""Holding a network to its start: the first blocks still, or all weights by a spring."""

from __future__ import annotations

from typing import Any

from torch import nn

from whypretrain.errors import InputError


def hold(network: Any, blocks: int) -> nn.ModuleList:
    """Keep the weights and BatchNorm statistics of the first blocks, and of all that runs before them.

    Args:
        network: a classifier in training mode; not looked at where `blocks` is 0.
        blocks: how many; as many as there are leave what is behind the last one, and the head.

    Returns:
        The modules that are held; `requires_grad_(True)` on them lets them go.

    Raises:
        InputError: if the network has fewer blocks.
    """
    held = nn.ModuleList()
    if blocks == 0:
        return held
    path = network.block_path()
    if blocks > len(path.blocks):
        raise InputError(f"frozen_blocks: {network.architecture.name} has {len(path.blocks)} blocks, not {blocks}")
    held.extend([*_before(network.backbone, path.blocks[0]), *path.blocks[:blocks]])
    for parameter in network.backbone.parameters(recurse=False):  # position and class tokens of a ViT
        held.append(_Alone(parameter))
    for module in held:
        module.requires_grad_(False)
        module.eval()
    return held


class Pull:
    """The gradient of L2-SP (arXiv:1802.01483), `alpha (w - w_start)`, added to that of the backbone at each call."""

    def __init__(self, network: Any, alpha: float) -> None:
        weights = list(network.backbone.parameters()) if alpha else []
        self.alpha, self.pairs = alpha, [(weight, weight.detach().clone()) for weight in weights]

    def __call__(self) -> None:
        for weight, start in self.pairs:
            if weight.grad is not None:
                weight.grad.add_(weight.detach() - start, alpha=self.alpha)


class _Alone(nn.Module):
    """A parameter that belongs to the backbone itself, as a module."""

    def __init__(self, parameter: nn.Parameter) -> None:
        super().__init__()
        self.parameter = parameter


def _before(backbone: nn.Module, first: nn.Module) -> list[nn.Module]:
    """Children of the backbone that come before the one with the first block: timm keeps them in the order of use."""
    found = []
    for child in backbone.children():
        if any(each is first for each in child.modules()):
            break
        found.append(child)
    return found
