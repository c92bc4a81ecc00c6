"""Batches of a data set on the device, or too large for it; every draw is decided by seed, name and step."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor

from whypretrain.errors import InputError
from whypretrain.seeds import seed_of
from whypretrain.training.augment import augment
from whypretrain.training.recipe import Augmentation
from whypretrain.training.strong import strong_view


class Samples:
    """Images and labels on the device, drawn in batches without replacement; reshuffled at the end.

    A batch depends on seed, name and step, never on earlier batches: a run resumed at any step draws what
    the unbroken run would have drawn. A batch may reach over the end of an epoch; no image is dropped.

    Args:
        images: uint8, (N, C, H, W).
        labels: integers, (N,).
        batch_size: images a step.
        device: where batches are wanted, if the images lie elsewhere.
        augmentation: None for images that are used as they are (cached features).
    """

    def __init__(
        self,
        images: Tensor,
        labels: np.ndarray,
        *,
        batch_size: int,
        augmentation: Augmentation | None,
        seed: int,
        name: str,
        device: torch.device | None = None,
    ) -> None:
        if len(images) == 0:
            raise InputError(f"{name}: no training images; give each class at least one")
        self.images, self.batch_size = images, batch_size
        self.device = torch.device(device or images.device)
        self.labels = torch.tensor(labels, dtype=torch.int64, device=self.device)
        self._augmentation, self._name = augmentation, (seed, name)
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def rows(self, step: int) -> Tensor:
        """Indices of the images of a step, (batch_size,)."""
        number, first = len(self.images), step * self.batch_size
        epochs = range(first // number, (first + self.batch_size - 1) // number + 1)
        orders = torch.cat([self._order(epoch) for epoch in epochs])
        return orders[first - epochs[0] * number :][: self.batch_size]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Images, float in [0, 1], augmented, (B, C, H, W), and their labels, (B,)."""
        images, labels = self._images(step), self.labels[self.rows(step).to(self.device)]
        return (
            images if self._augmentation is None else self._augmented(images, "augmentation", step)
        ), labels

    def views(self, step: int) -> tuple[Tensor, Tensor]:
        """A weak and a strong view of a step's images, (B, C, H, W) each: augmented, and changed strongly beside."""
        images = self._images(step)
        again = self._augmented(images, "second augmentation", step)
        return self._augmented(images, "augmentation", step), strong_view(again, self._draw("strong", step))

    def _images(self, step: int) -> Tensor:
        return self.images[self.rows(step).to(self.images.device)].to(self.device)

    def _augmented(self, images: Tensor, what: str, step: int) -> Tensor:
        assert self._augmentation is not None
        return augment(images.to(torch.float32) / 255, self._augmentation, self._draw(what, step))

    def _draw(self, what: str, step: int) -> Generator:
        return Generator(self.device).manual_seed(seed_of(*self._name, what, step))

    def _shuffled(self, epoch: int) -> Tensor:
        draw = Generator().manual_seed(seed_of(*self._name, "order", epoch))
        return torch.randperm(len(self.images), generator=draw)
