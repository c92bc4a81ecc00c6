"""Joint fine-tuning: one backbone, a head for the target's classes and one for all of the source's.

L = mean CE(target rows) + lambda * mean CE(source rows); all rows go through the backbone in one pass
(arXiv 2111.12292). Without source labels, the second term asks the target head to be consistent (2001.07685).
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Batch = tuple[Tensor, Tensor]  # inputs (B, ...), labels (B,)


class Network(Protocol):
    """What the loss needs: features, and a head for the target."""

    head: nn.Linear

    def features(self, images: Tensor, /) -> Tensor: ...


def target_loss(network: Network, batch: Batch, *, label_smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy of the target head: the loss of vanilla fine-tuning."""
    images, labels = batch
    return F.cross_entropy(network.head(network.features(images)), labels, label_smoothing=label_smoothing)


def joint_losses(
    network: Network, source_head: nn.Linear, target: Batch, source: Batch, *, label_smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Mean cross-entropies of the target rows under their head, and of the source rows under theirs.

    The rows are interleaved, so that any contiguous part of the batch holds both in proportion; BatchNorm
    sees the mixture. Each head is applied to its own rows only.
    """
    order = interleaved(len(target[1]), len(source[1])).to(target[1].device)
    is_target = order < len(target[1])
    labels = torch.cat([target[1], source[1]])[order]
    features = network.features(torch.cat([target[0], source[0]])[order])
    return (
        F.cross_entropy(network.head(features[is_target]), labels[is_target], label_smoothing=label_smoothing),
        F.cross_entropy(source_head(features[~is_target]), labels[~is_target], label_smoothing=label_smoothing),
    )


def consistency_losses(
    network: Network,
    target: Batch,
    views: tuple[Tensor, Tensor],
    *,
    threshold: float = 0.0,
    temperature: float = 1.0,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy of the target rows, and the consistency of the one head on two views of source rows.

    With q = softmax(z_weak / temperature), held constant, and m = [max q >= threshold], the second is
    -sum m sum_k q_k log p_strong,k / sum m (soft pseudo-labels); 0 where no row is confident enough.

    Args:
        views: weakly and strongly changed images of the same source rows, (B, C, H, W) each.
    """
    (images, labels), (weak, strong) = target, views
    sizes = len(images), len(weak), len(strong)
    order = interleaved(*sizes).to(labels.device)
    logits = network.head(network.features(torch.cat([images, weak, strong])[order]))
    of_target, of_weak, of_strong = logits[order.argsort()].split(sizes)
    believed = F.softmax(of_weak.detach() / temperature, dim=1)
    counted = (believed.amax(1) >= threshold).to(torch.float32)  # bfloat16 counts to 256
    each = F.cross_entropy(of_strong, believed, reduction="none")
    consistency = (counted * each).sum() / counted.sum().clamp(min=1)
    return F.cross_entropy(of_target, labels, label_smoothing=label_smoothing), consistency


def interleaved(*sizes: int) -> Tensor:
    """Order of the rows of several parts that spreads all evenly, (sum of sizes,).

    Example:
        >>> interleaved(2, 4).tolist()
        [2, 0, 3, 4, 1, 5]
    """
    place = torch.cat([(torch.arange(number) + 0.5) / number for number in sizes])
    return place.argsort(stable=True)
