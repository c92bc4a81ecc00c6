"""Claim: training steps come at twice the images a second of a plain loop, and more.

Peers: a loop as people write it (PIL images, torchvision's `RandomAffine`, a DataLoader, AdamW), and the
parts of timm's train script (its `create_loader` with its transforms, its optimiser factory and its loss)
around the same model. Models and recipe are those of `config/default.yaml`, at 16 and 32 px. A second thread
is a worker of the loaders. First both sides take the same batches without augmentation, and end at the same
loss.

Last result (2026-11-21, commit deff2bd, AMD EPYC, 2 cores, one thread): the peer's time over ours
    ViT, 16 px, 20 steps of 32, plain loop: 1.2 (1.1–1.71)
    ViT, 16 px, 20 steps of 32, timm's parts: 1.14 (1.13–1.19)
    ViT, 32 px, 20 steps of 32, plain loop: 1.09 (1.05–1.11)
    ViT, 32 px, 20 steps of 32, timm's parts: 1.07 (1.06–1.11)
    ResNet, 16 px, 20 steps of 32, plain loop: 1.28 (1.24–1.32)
    ResNet, 16 px, 20 steps of 32, timm's parts: 1.3 (1.25–1.47)
    ResNet, 32 px, 20 steps of 32, plain loop: 1.25 (1.23–1.3)
    ResNet, 32 px, 20 steps of 32, timm's parts: 1.23 (1.23–1.25)

    python -m benchmarks training_step [--quick]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks._case import Case, Pair
from benchmarks.coalition_scores import ARCHITECTURES
from whypretrain import models
from whypretrain.config.recipe import Augmentation
from whypretrain.models import Architecture
from whypretrain.training import Recipe
from whypretrain.training.fit import fit
from whypretrain.training.samples import Samples

CLASSES, IMAGES = 10, 2000
AFFINE = Augmentation(rotation=15.0, translation=0.08, scale=0.15, shear=10.0)
RECIPE = Recipe(
    steps=20, batch_size=32, learning_rate=2e-3, weight_decay=0.05, label_smoothing=0.1, augmentation=AFFINE
)


def cases(quick: bool) -> Iterator[Case]:
    """Both peers for every model and size."""
    recipe = RECIPE.changed(steps=2) if quick else RECIPE
    for (name, small), size in ((item, size) for item in ARCHITECTURES.items() for size in (16, 32)):
        architecture = small.changed(size=size)
        for peer, build, package in (
            ("plain loop", beside_plain, "torchvision"),
            ("timm's parts", beside_timm, "timm"),
        ):
            yield Case(
                f"{name}, {size} px, {recipe.steps} steps of {recipe.batch_size}",
                partial(build, architecture, recipe),
                peer,
                aim=2.0,
                package=package,
                tolerance=1e-4,
                why="on a CPU the model's forward and backward pass is nearly all of either side's time",
            )


class Task:
    """Images, labels and a model to train on them."""

    def __init__(self, architecture: Architecture, recipe: Recipe) -> None:
        draw, size = np.random.default_rng(0), architecture.size
        self.images = draw.integers(0, 256, (IMAGES, 1, size, size), dtype=np.uint8)
        self.labels = draw.integers(0, CLASSES, IMAGES)
        self.recipe, self.architecture = recipe, architecture

    def model(self) -> models.Classifier:
        """Always the same weights."""
        return models.build(self.architecture, [str(k) for k in range(CLASSES)], seed=0)

    def ours(self, augmentation: Augmentation = AFFINE) -> float:
        """Loss of the last step."""
        samples = self.samples(augmentation)
        history = fit(self.model(), samples, self.recipe.changed(augmentation=augmentation), seed=0).history
        return float(history["loss"].iloc[-1])

    def samples(self, augmentation: Augmentation) -> Samples:
        """The images on the device."""
        images, size = torch.from_numpy(self.images).to(models.device()), self.recipe.batch_size
        return Samples(images, self.labels, batch_size=size, augmentation=augmentation, seed=0, name="target")

    def rows(self) -> list[int]:
        """The images of all steps, in our order."""
        samples = self.samples(Augmentation())
        return torch.cat([samples.rows(step) for step in range(self.recipe.steps)]).tolist()

    def loop(self, loader: object, optimizer: torch.optim.Optimizer, model: nn.Module, loss: nn.Module) -> float:
        """A plain training loop."""
        recipe = self.recipe
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factors(recipe).__getitem__)
        model.train()
        for images, labels in loader:  # type: ignore[attr-defined]
            found = loss(model(images.to(models.device())), labels.to(models.device()))
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
            schedule.step()
        return found.item()

    def plain(self, transform: object = None) -> float:
        """PIL images through torchvision and a DataLoader."""
        from torchvision import transforms

        changes = transform or transforms.RandomAffine(15, (0.08, 0.08), (1 / 1.15, 1.15), 10)
        images = PILImages(self, transforms.Compose([changes, transforms.ToTensor()]))
        workers = torch.get_num_threads() - 1
        loader = torch.utils.data.DataLoader(images, self.recipe.batch_size, sampler=self.rows(), num_workers=workers)
        model, recipe = self.model(), self.recipe
        optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
        return self.loop(loader, optimizer, model, nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing))

    def timm(self) -> float:
        """timm's loader, transforms, optimiser and loss."""
        from timm.data import create_loader
        from timm.loss import LabelSmoothingCrossEntropy
        from timm.optim import create_optimizer_v2

        recipe, size = self.recipe, self.architecture.size
        loader = create_loader(
            PILImages(self, None, self.rows()), (1, size, size), recipe.batch_size, is_training=True, scale=(0.8, 1.0),
            hflip=0.0, color_jitter=None, mean=(0.0,), std=(1.0,), use_prefetcher=False, pin_memory=False,
            num_workers=torch.get_num_threads() - 1, persistent_workers=False,
        )  # fmt: skip
        model = self.model()
        optimizer = create_optimizer_v2(model, "adamw", lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        return self.loop(loader, optimizer, model, LabelSmoothingCrossEntropy(recipe.label_smoothing))


class PILImages(torch.utils.data.Dataset):
    """A task's images, or some rows of them, as data sets of torchvision hold them."""

    def __init__(self, task: Task, transform: object, rows: list[int] | None = None) -> None:
        rows = list(range(len(task.images))) if rows is None else rows
        self.images = [Image.fromarray(task.images[row, 0]) for row in rows]
        self.labels, self.transform = task.labels[rows].tolist(), transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[row]), self.labels[row]


def factors(recipe: Recipe) -> list[float]:
    """Learning rates of all steps, over the peak."""
    from whypretrain.training.schedule import learning_rate_factor

    return [learning_rate_factor(recipe, step) for step in range(recipe.steps + 1)]


def beside_plain(architecture: Architecture, recipe: Recipe) -> Pair:
    """Compared with the plain loop; the losses compared are those without augmentation."""
    task = Task(architecture, recipe)
    error = abs(task.ours(Augmentation()) / task.plain(nn.Identity()) - 1)
    return Pair(task.ours, task.plain, lambda *_: error, lambda *_: rate(recipe))


def beside_timm(architecture: Architecture, recipe: Recipe) -> Pair:
    """Compared with timm's parts, whose transforms draw as they like: only a loss that is a number is asked of them."""
    task = Task(architecture, recipe)
    return Pair(task.ours, task.timm, lambda _, loss: 0.0 if np.isfinite(loss) else np.inf, lambda *_: rate(recipe))


def rate(recipe: Recipe) -> str:
    """What a time stands for."""
    return f"{recipe.steps * recipe.batch_size} images"
