"""Batches of a data set on the device, or too large for it; every draw is decided by seed, name and step."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor

from whypretrain.errors import InputError
from whypretrain.seeds import seed_of
from whypretrain.training.augment import augment
from whypretrain.training.parallel import part
from whypretrain.training.recipe import Augmentation
from whypretrain.training.strong import strong_view


class Samples:
    """Images and labels on the device, drawn in batches without replacement; reshuffled at the end.

    A batch depends on seed, name and step, never on earlier batches: a run resumed at any step draws what
    the unbroken run would have drawn. A batch may reach over the end of an epoch; no image is dropped.
    Of several processes (`parallel`) each loads its part of a batch; chance is drawn for all of it.

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
        self._part = part(batch_size)
        self.share = (self._part.stop - self._part.start) / batch_size
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def rows(self, step: int) -> Tensor:
        """Indices of the images of a step, of all processes, (batch_size,)."""
        number, first = len(self.images), step * self.batch_size
        epochs = range(first // number, (first + self.batch_size - 1) // number + 1)
        orders = torch.cat([self._order(epoch) for epoch in epochs])
        return orders[first - epochs[0] * number :][: self.batch_size]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Images, float in [0, 1], augmented, (B, C, H, W), and their labels, (B,)."""
        images, labels = self._images(step), self.labels[self.rows(step)[self._part].to(self.device)]
        if self._augmentation is None:
            return images, labels
        return self._augmented(self._blank_around(images), "augmentation", step)[self._part], labels

    def views(self, step: int) -> tuple[Tensor, Tensor]:
        """A weak and a strong view of a step's images, (B, C, H, W) each: augmented, and changed strongly beside."""
        images = self._blank_around(self._images(step))
        again = self._augmented(images, "second augmentation", step)
        strong = strong_view(again, self._draw("strong", step))
        return self._augmented(images, "augmentation", step)[self._part], strong[self._part]

    def _images(self, step: int) -> Tensor:
        return self.images[self.rows(step)[self._part].to(self.images.device)].to(self.device)

    def _blank_around(self, images: Tensor) -> Tensor:
        """The whole batch, the rows of other processes blank: what is drawn for an image depends on its place."""
        if len(images) == self.batch_size:
            return images
        whole = images.new_zeros(self.batch_size, *images.shape[1:])
        whole[self._part] = images
        return whole

    def _augmented(self, images: Tensor, what: str, step: int) -> Tensor:
        assert self._augmentation is not None
        return augment(images.to(torch.float32) / 255, self._augmentation, self._draw(what, step))

    def _draw(self, what: str, step: int) -> Generator:
        return Generator(self.device).manual_seed(seed_of(*self._name, what, step))

    def _shuffled(self, epoch: int) -> Tensor:
        draw = Generator().manual_seed(seed_of(*self._name, "order", epoch))
        return torch.randperm(len(self.images), generator=draw)
