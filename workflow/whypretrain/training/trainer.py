"""Training and evaluating a classifier on image sets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from whypretrain import models
from whypretrain.config.recipe import Recipe
from whypretrain.data import ImageSet
from whypretrain.errors import InputError
from whypretrain.runtime.memory import Halving
from whypretrain.runtime.precision import precision
from whypretrain.runtime.seeds import seed_of
from whypretrain.training.accuracy import scores
from whypretrain.training.fit import TrainingResult, fit
from whypretrain.training.samples import Samples

_AT_ONCE = 1024  # images on their way to the device


def starting_model(start: models.Classifier, classes: Sequence[str], recipe: Recipe, *, seed: int) -> models.Classifier:
    """A classifier of the architecture of `start`, a pre-trained model, with a fresh head for `classes`.

    `recipe.start` decides the backbone: a copy of that model's weights, or random ones. The head is the same for both.
    """
    model = models.build(start.architecture, classes, seed=seed_of(seed, "start"))
    if recipe.start != "random":
        model.backbone.load_state_dict(start.backbone.state_dict())
    return model


def train(
    model: models.Classifier,
    target: ImageSet,
    recipe: Recipe,
    *,
    seed: int,
    source: ImageSet | None = None,
    source_classes: Sequence[int] | None = None,
    checkpoint_file: str | Path | None = None,
    save_every: float = 30.0,
) -> TrainingResult:
    """Train `model` in place on the target's training images; with a source, jointly on both.

    Args:
        model: starts from the weights that it has; ends in evaluation mode.
        target: its classes are the model's.
        recipe: `source_weight` 0, like no source, is vanilla fine-tuning: no source image is drawn.
        seed: decides every draw.
        source: images trained along under a head of their own, one output for each of the source's classes;
            without that head where `recipe.source_loss` is `consistency`.
        source_classes: labels of the source classes to draw from; None: all.
        checkpoint_file: running state; an unfinished run of the same start, data, recipe and seed is resumed.
        save_every: seconds between two running states.

    Raises:
        InputError: images that do not fit the model, no training images, or an unknown source class.
    """
    _check_fit(model, target)
    samples = _samples(target, target.rows("train"), recipe, recipe.batch_size, seed, "target")
    joint = source is not None and recipe.source_weight > 0
    extra = _source(source, source_classes, model, recipe, seed) if source is not None and joint else None
    return fit(model, samples, recipe, seed=seed, source=extra, checkpoint_file=checkpoint_file, save_every=save_every)


def evaluate(
    model: models.Classifier, images: ImageSet, *, split: str | None = None, batch_size: int | None = None
) -> dict[str, float | int]:
    """`scores` of the model in evaluation mode on a split (None: on all images), `batch_size` at a time (None: as
    `models.forward_batch` says).

    Batches that do not fit into memory are halved, and a line says so.

    Raises:
        InputError: images that do not fit the model, or none.
    """
    _check_fit(model, images)
    rows = images.rows(split) if split else np.arange(len(images))
    if len(rows) == 0:
        raise InputError("no images to evaluate on; give the data set a test_size above 0")
    found = torch.cat([each.argmax(1) for each in _outputs(model, images, rows, batch_size)])
    return scores(found.cpu().numpy(), images.labels[rows])


def probabilities(model: models.Classifier, images: ImageSet, *, split: str) -> np.ndarray:
    """Softmax of the logits of a model in evaluation mode on the images of a split, float64, (N, K).

    Raises:
        InputError: images that do not fit the model.
    """
    _check_fit(model, images)
    found = [each.double().softmax(1).cpu() for each in _outputs(model, images, images.rows(split), None)]
    return torch.cat(found).numpy() if found else np.zeros((0, len(model.classes)))


def _outputs(model: models.Classifier, images: ImageSet, rows: np.ndarray, batch_size: int | None) -> Iterator[Tensor]:
    """Logits in evaluation mode, batch by batch."""
    model.eval()
    batch_size, halving = batch_size or models.forward_batch(model), Halving()
    parts = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    with torch.inference_mode(), precision("float32", models.device()):
        for part in parts:
            yield halving.mapped(model, models.as_input(images.images[part]))


def _source(
    source: ImageSet, classes: Sequence[int] | None, model: models.Classifier, recipe: Recipe, seed: int
) -> tuple[Samples, nn.Linear | None]:
    """The selected classes' training images, and a head with one output for each of ALL source classes, if any."""
    known = range(len(source.classes))
    chosen = np.asarray(known if classes is None else classes, dtype=np.int64)
    if unknown := [int(label) for label in chosen if label not in known]:
        raise InputError(f"source class {unknown[0]}: not a label of the source's {len(known)} classes")
    train_rows = source.rows("train")
    rows = train_rows[np.isin(source.labels[train_rows], chosen)]
    batch_size = max(1, round(recipe.source_ratio * recipe.batch_size))
    samples = _samples(source, rows, recipe, batch_size, seed, "source")
    return samples, _source_head(model, len(known), seed) if recipe.source_loss == "labels" else None


def _source_head(model: models.Classifier, classes: int, seed: int) -> nn.Linear:
    """A second head that starts as the model's own did."""
    draw = torch.Generator().manual_seed(seed_of(seed, "source head"))
    head = models.linear_head(model.head.in_features, classes, std=model.architecture.head_std, generator=draw)
    return head.to(models.device())


def _samples(images: ImageSet, rows: np.ndarray, recipe: Recipe, batch_size: int, seed: int, name: str) -> Samples:
    """Batches of some of the images, which lie on the device where they fit; else they stay where they are."""
    pixels, chosen = _placed(images.images, rows)
    return Samples(
        pixels,
        images.labels[rows],
        chosen=chosen,
        batch_size=batch_size,
        augmentation=recipe.augmentation if images.images.dtype == np.uint8 else None,  # tokens have no pixels
        seed=seed,
        name=name,
        device=models.device(),
    )


def _placed(images: np.ndarray, rows: np.ndarray) -> tuple[Tensor, Tensor | None]:
    """The chosen rows on the device where they fill at most half of its free memory; else all images, and the rows."""
    with warnings.catch_warnings():  # that a memory-mapped file is not writable, which nobody wants
        warnings.simplefilter("ignore", UserWarning)
        pixels = torch.from_numpy(images)
    chosen, where = torch.from_numpy(rows), models.device()
    size = len(rows) * int(np.prod(images.shape[1:])) * images.itemsize
    if where.type != "cuda" or size > torch.cuda.mem_get_info(where)[0] / 2:
        return pixels, chosen
    placed = torch.empty(len(rows), *images.shape[1:], dtype=pixels.dtype, device=where)
    for part in torch.arange(len(rows)).split(_AT_ONCE):
        placed[part[0] : part[-1] + 1] = pixels[chosen[part]].to(where)
    return placed, None


def _check_fit(model: models.Classifier, images: ImageSet) -> None:
    architecture = model.architecture
    if not architecture.fits(images.images.shape[1:]):
        raise InputError(
            f"images of shape {images.images.shape[1:]} do not fit a model that takes {architecture.takes}"
        )
    architecture.require(images)
