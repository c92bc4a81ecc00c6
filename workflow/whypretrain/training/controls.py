"""Controls of what fine-tuning keeps: how much any features share, and what keeping everything would look like."""

from __future__ import annotations

import torch

from whypretrain import models
from whypretrain.config.recipe import Recipe
from whypretrain.data import ImageSet
from whypretrain.runtime.seeds import seed_of
from whypretrain.training.probe import fit_probe
from whypretrain.training.trainer import train


def probed(model: models.Classifier, target: ImageSet, *, seed: int, batch_size: int = 64) -> models.Classifier:
    """The backbone of a model with a linear probe of the target as its head, in evaluation mode.

    Args:
        model: is left as it is.
        target: the probe (mode `strong`) is fitted on its training images.
        seed: of the probe's held-out split.
        batch_size: images in one forward.

    Raises:
        InputError: if the images do not fit the model, or a class has no training images.
    """
    rows = target.rows("train")
    features = models.extract(model, target.images[rows], batch_size)
    probe = fit_probe(features, target.labels[rows], seed=seed)
    found = models.build(model.architecture, target.classes, seed=seed).eval()
    found.backbone.load_state_dict(model.backbone.state_dict())
    with torch.no_grad():
        found.head.weight.copy_(torch.from_numpy(probe.weight))
        found.head.bias.copy_(torch.from_numpy(probe.bias))
    return found


def sham_tuned(
    pretrained: models.Classifier, source: ImageSet, recipe: Recipe, *, steps: int, seed: int
) -> models.Classifier:
    """A fine-tuning in which nothing new has to be learned: the ceiling of what fine-tuning can keep.

    The pre-trained model is trained on, head and all, by the recipe of fine-tuning, on the data it was pre-trained on.

    Args:
        pretrained: is left as it is.
        source: what it was pre-trained on; its classes are the model's.
        recipe: of fine-tuning on the target.
        steps: as many as fine-tuning on the target takes.
        seed: decides every draw.

    Raises:
        InputError: if the images do not fit the model.
    """
    model = models.build(pretrained.architecture, source.classes, seed=seed_of(seed, "start"))
    model.load_state_dict(pretrained.state_dict())
    train(model, source, recipe.model_copy(update={"steps": steps, "epochs": None, "checkpoints": 0}), seed=seed)
    return model
