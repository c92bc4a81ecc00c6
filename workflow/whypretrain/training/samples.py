"""Batches of a data set on the device, or too large for it; every draw is decided by seed, name and step."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import torch
from torch import Generator, Tensor

from whypretrain.config.augmentation import Augmentation
from whypretrain.errors import InputError
from whypretrain.runtime.seeds import seed_of
from whypretrain.training.ahead import Ahead
from whypretrain.training.augment import augment
from whypretrain.training.parallel import part
from whypretrain.training.strong_augmentation import strong_view


class Samples:
    """Images and labels on the device, drawn in batches without replacement; reshuffled at the end.

    A batch depends on seed, name and step, never on earlier batches: a run resumed at any step draws what
    the unbroken run would have drawn. A batch may reach over the end of an epoch; no image is dropped.
    Of several processes (`parallel`) each loads its part of a batch; chance is drawn for all of it.

    Args:
        images: uint8, (N, C, H, W).
        labels: integers, (N,), or of the chosen images.
        batch_size: images a step.
        device: where batches are wanted, if the images lie elsewhere.
        augmentation: None for images that are used as they are (cached features).
        chosen: row numbers of the images that are drawn from; None: all. Images that stay on disk are not copied.
        ahead: load the next batch while one is used; None: where the device is a GPU and the images are not on it.
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
        chosen: Tensor | None = None,
        ahead: bool | None = None,
    ) -> None:
        if len(labels) == 0:
            raise InputError(f"{name}: no training images; give each class at least one")
        self.images, self.batch_size = images, batch_size
        self.device = torch.device(device or images.device)
        self.labels = torch.tensor(labels, dtype=torch.int64, device=self.device)
        self._augmentation, self._name = augmentation, (seed, name)
        self._part = part(batch_size)
        self.share = (self._part.stop - self._part.start) / batch_size
        self._order = lru_cache(maxsize=2)(self._shuffled)
        self._chosen = chosen
        self._pinned = self.device.type == "cuda" and images.device.type == "cpu"
        self._gpu = torch.cuda.current_device() if self._pinned else -1  # another thread begins with the first
        self._load = Ahead(self._loaded) if (self._pinned if ahead is None else ahead) else self._loaded

    def rows(self, step: int) -> Tensor:
        """Indices of the images of a step, of all processes, (batch_size,)."""
        number, first = len(self.labels), step * self.batch_size
        epochs = range(first // number, (first + self.batch_size - 1) // number + 1)
        orders = torch.cat([self._order(epoch) for epoch in epochs])
        return orders[first - epochs[0] * number :][: self.batch_size]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Images, float in [0, 1], augmented, (B, C, H, W), and their labels, (B,)."""
        images, labels = self._images(step), self.labels[self.rows(step)[self._part].to(self.device)]
        if self._augmentation is None:
            return images, labels
        return self._augmented(self._blank_around(images), "augmentation", step)[self._part], labels

    def digest(self) -> str:
        """Hash of the labels and of up to a thousand images spread over all: more would take minutes of a large set."""
        number = len(self.labels)
        spread = torch.arange(0, number, -(-number // 1000))
        digest = hashlib.sha256(self.labels.cpu().numpy().tobytes())
        digest.update(f"{number} {tuple(self.images.shape[1:])}".encode())
        digest.update(self._picked(spread).cpu().numpy().tobytes())
        return digest.hexdigest()

    def views(self, step: int) -> tuple[Tensor, Tensor]:
        """A weak and a strong view of a step's images, (B, C, H, W) each: augmented, and changed strongly on top."""
        images = self._blank_around(self._images(step))
        again = self._augmented(images, "second augmentation", step)
        strong = strong_view(again, self._draw("strong", step))
        return self._augmented(images, "augmentation", step)[self._part], strong[self._part]

    def _images(self, step: int) -> Tensor:
        return self._load(step).to(self.device, non_blocking=True)

    def _loaded(self, step: int) -> Tensor:
        return self._picked(self.rows(step)[self._part])

    def _picked(self, rows: Tensor) -> Tensor:
        """Images as they lie, in memory from which a GPU copies by itself where it has to."""
        rows = (rows if self._chosen is None else self._chosen[rows]).to(self.images.device)
        if not self._pinned:
            return self.images[rows]
        with torch.cuda.device(self._gpu):
            pinned = torch.empty(len(rows), *self.images.shape[1:], dtype=self.images.dtype, pin_memory=True)
        return torch.index_select(self.images, 0, rows, out=pinned)

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
        return torch.randperm(len(self.labels), generator=draw)
