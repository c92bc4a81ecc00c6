"""Training and evaluating a classifier on image sets."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from whypretrain import models
from whypretrain.data import ImageSet
from whypretrain.errors import InputError
from whypretrain.models.precision import precision
from whypretrain.seeds import seed_of
from whypretrain.training.accuracy import scores
from whypretrain.training.fit import TrainingResult, fit
from whypretrain.training.recipe import Recipe
from whypretrain.training.samples import Samples

_EVALUATED = 500  # images in one forward


def starting_model(
    pretrained: models.Classifier, classes: Sequence[str], recipe: Recipe, *, seed: int
) -> models.Classifier:
    """A classifier of the pre-trained one's architecture with a fresh head for `classes`.

    `recipe.start` decides the backbone: a copy of the pre-trained weights, or random ones. The head is the
    same for both.
    """
    model = models.build(pretrained.architecture, classes, seed=seed_of(seed, "start"))
    if recipe.start == "pretrained":
        model.backbone.load_state_dict(pretrained.backbone.state_dict())
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
        checkpoint_file: running state; an unfinished run of the same start, data, recipe and seed goes on.
        save_every: seconds between two running states.

    Raises:
        InputError: images that do not fit the model, no training images, or an unknown source class.
    """
    _check_fit(model, target)
    images = _placed(target.split("train"))
    samples = Samples(
        *images,
        batch_size=recipe.batch_size,
        augmentation=recipe.augmentation,
        seed=seed,
        name="target",
        device=models.device(),
    )
    joint = source is not None and recipe.source_weight > 0
    extra = _source(source, source_classes, model, recipe, seed) if source is not None and joint else None
    return fit(
        model,
        samples,
        recipe,
        seed=seed,
        source=extra,
        checkpoint_file=checkpoint_file,
        save_every=save_every,
    )


def evaluate(
    model: models.Classifier, images: ImageSet, *, batch_size: int | None = None
) -> dict[str, float | int]:
    """`scores` of the model in evaluation mode on all the images given, `batch_size` at a time (None: 500).

    Raises:
        InputError: images that do not fit the model, or none.
    """
    _check_fit(model, images)
    if len(images) == 0:
        raise InputError("no images to evaluate on; give the data set a test_size above 0")
    model.eval()
    batch_size = batch_size or _EVALUATED
    starts = range(0, len(images), batch_size)
    with torch.inference_mode(), precision("float32", models.device()):
        batches = [
            model(models.as_input(images.images[start : start + batch_size])).argmax(1) for start in starts
        ]
    return scores(torch.cat(batches).cpu().numpy(), images.labels)


def _source(
    source: ImageSet, classes: Sequence[int] | None, model: models.Classifier, recipe: Recipe, seed: int
) -> tuple[Samples, nn.Linear | None]:
    """The selected classes' training images, and a head with one output for each of ALL source classes, if any."""
    known = range(len(source.classes))
    chosen = np.asarray(known if classes is None else classes, dtype=np.int64)
    if unknown := [int(label) for label in chosen if label not in known]:
        raise InputError(f"source class {unknown[0]}: not a label of the source's {len(known)} classes")
    train_split = source.split("train")
    rows = train_split.take(np.flatnonzero(np.isin(train_split.labels, chosen)))
    batch_size = max(1, round(recipe.source_ratio * recipe.batch_size))
    samples = Samples(
        *_placed(rows),
        batch_size=batch_size,
        augmentation=recipe.augmentation,
        seed=seed,
        name="source",
        device=models.device(),
    )
    return samples, _source_head(model, len(known), seed) if recipe.source_loss == "labels" else None


def _source_head(model: models.Classifier, classes: int, seed: int) -> nn.Linear:
    """A second head that starts as the model's own did: weights of standard deviation 0.02, zero bias."""
    head = nn.Linear(model.head.in_features, classes)
    nn.init.trunc_normal_(
        head.weight, std=0.02, generator=torch.Generator().manual_seed(seed_of(seed, "source head"))
    )
    nn.init.zeros_(head.bias)
    return head.to(models.device())


def _placed(images: ImageSet) -> tuple[Tensor, np.ndarray]:
    """The images on the device where they fill at most half of its free memory, else as they lie."""
    with warnings.catch_warnings():  # that a memory-mapped file is not writable, which nobody wants
        warnings.simplefilter("ignore", UserWarning)
        pixels = torch.from_numpy(images.images)
    where = models.device()
    fits = where.type == "cuda" and images.images.nbytes <= torch.cuda.mem_get_info(where)[0] / 2
    return pixels.to(where) if fits else pixels, images.labels


def _check_fit(model: models.Classifier, images: ImageSet) -> None:
    shape = (model.architecture.channels, model.architecture.size, model.architecture.size)
    if images.images.shape[1:] != shape:
        raise InputError(f"images of shape {images.images.shape[1:]} do not fit a model that takes {shape}")
