"""Fine-tuning a backbone to give its input image back, in place of classifying it (arXiv:2307.06006, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from whypretrain.models import Classifier
from whypretrain.runtime.seeds import seed_of


class Decoder(nn.Module):
    """From the last feature map to an image: a 1x1 convolution to r² values a channel, shuffled to r x r pixels."""

    def __init__(self, network: Classifier, *, seed: int) -> None:
        super().__init__()
        architecture = network.architecture
        _, width, side, _ = _map_shape(network)
        self.ratio = architecture.size // side
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(seed, "decoder"))
            self.project = nn.Conv2d(width, architecture.channels * self.ratio**2, 1)
        self.to(network.head.weight.device)

    def forward(self, features: Tensor) -> Tensor:
        """Images (B, C, r h, r w) from features (B, d, h, w)."""
        return nn.functional.pixel_shuffle(self.project(features), self.ratio)


def _map_shape(network: Classifier) -> torch.Size:
    """Shape of the feature map of one image, found in evaluation mode, which moves no running statistics."""
    training, side = network.training, network.architecture.size
    blank = torch.zeros(1, network.architecture.channels, side, side, device=network.head.weight.device)
    with torch.no_grad():
        shape = network.eval().feature_map(blank).shape
    network.train(training)
    return shape


def reconstruction_loss(network: Classifier, decoder: Decoder, images: Tensor) -> Tensor:
    """L1 of the reconstruction, summed over a column of pixels: height times the mean absolute error.

    This is the published loss Σ|x - x̂| / (W C B), whose scale matters where gradients are clipped.
    """
    return images.shape[2] * nn.functional.l1_loss(decoder(network.feature_map(images)), images)
