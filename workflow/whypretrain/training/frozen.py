"""Training the head alone, on cached features: the fine-tuning loop with the backbone held still."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from whypretrain.config.recipe import Recipe
from whypretrain.models import device, linear_head
from whypretrain.runtime.seeds import seed_of
from whypretrain.training.fit import fit
from whypretrain.training.samples import Samples


class _Head(nn.Module):
    """A network whose backbone is the identity: its inputs are features."""

    def __init__(self, width: int, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.head = linear_head(width, classes, generator=generator)

    def features(self, inputs: Tensor) -> Tensor:
        return inputs


def train_head(features: np.ndarray, labels: np.ndarray, recipe: Recipe, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Weight (K, d) and bias (K,), float32, of a head trained by the recipe on features (N, d)."""
    start = torch.Generator().manual_seed(seed_of(seed, "start"))
    network = _Head(features.shape[1], int(labels.max()) + 1, start).to(device())
    inputs = torch.tensor(features, dtype=torch.float32, device=device())
    samples = Samples(inputs, labels, batch_size=recipe.batch_size, augmentation=None, seed=seed, name="target")
    fit(network, samples, recipe, seed=seed)
    head = network.head
    return head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy()
