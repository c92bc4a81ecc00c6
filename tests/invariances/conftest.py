"""A small network of blocks whose basis can be turned, and images for it; data and models as the stages find them."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from whypretrain import data, models


class TurnableNetwork(torch.nn.Module):
    """Blocks tanh(W h); with rotations, a block hands on Q h and the next undoes it: one function."""

    def __init__(self, *, seed: int, width: int = 24, narrow: int = 6, rotations: list[torch.Tensor] | None = None):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        widths = [64, width, width, narrow, narrow]
        self.weights = torch.nn.ParameterList(
            torch.randn(b, a, generator=generator) / a**0.5 for a, b in pairwise(widths)
        )
        self.rotations = rotations

    @property
    def block_names(self) -> list[str]:
        return [f"block{index}" for index in range(len(self.weights))]

    def blocks(self, images: torch.Tensor, upto: int | None = None) -> list[torch.Tensor]:
        hidden, outputs = (images - 0.5).flatten(1) * 3, []
        for index, weight in enumerate(self.weights[:upto]):
            hidden = torch.tanh(hidden @ weight.T)
            turn = None if self.rotations is None else self.rotations[index]
            outputs.append(hidden if turn is None else hidden @ turn)
            hidden = outputs[-1] if turn is None else outputs[-1] @ turn.T
        return outputs

    def staircase(self, parts: list[torch.Tensor]) -> list[torch.Tensor]:
        return [self.blocks(part, number)[-1] for number, part in enumerate(parts, start=1)]


@pytest.fixture(scope="session")
def images() -> torch.Tensor:
    return torch.rand(32, 1, 8, 8, generator=torch.Generator().manual_seed(7))


@pytest.fixture
def network() -> TurnableNetwork:
    return TurnableNetwork(seed=0)


@pytest.fixture(scope="session")
def make_network():
    return TurnableNetwork


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("stage")
    digits = data.build("digits", {"kind": "digits", "train_size": 20, "test_size": 60}, size=16, channels=1, seed=0)
    data.save(digits, root / "data")
    resnet = models.Architecture("resnet18", 16, 1, {"layers": [1, 1, 1, 1], "channels": [8, 8, 8, 8]}, "small")
    for name, seed, classes in (("pre", 0, ["a", "b", "c"]), ("tuned", 1, digits.classes)):
        models.save(models.build(resnet, classes, seed=seed), root / name, {})
    return root
