"""Tasks that need no label: what each trains besides the network, and its loss."""

from __future__ import annotations

from torch import Tensor

from whypretrain.models import Classifier
from whypretrain.training.masked import MaskedHead, masked_loss
from whypretrain.training.reconstruction import Decoder, reconstruction_loss


def decoder_of(network: Classifier, task: str, *, seed: int) -> Decoder | MaskedHead | None:
    """The second head of a task without labels; None for classification."""
    if task == "reconstruction":
        return Decoder(network, seed=seed)
    return MaskedHead(network, seed=seed) if task == "masked" else None


def unlabelled_loss(network: Classifier, decoder: Decoder | MaskedHead, inputs: Tensor) -> Tensor:
    """Loss of that task on a batch of images (B, C, H, W) or tokens (B, 1, L)."""
    if isinstance(decoder, MaskedHead):
        return masked_loss(network, decoder, inputs)
    return reconstruction_loss(network, decoder, inputs)
