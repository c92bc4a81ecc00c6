"""Small real data and a small real model for the training tests."""

import numpy as np
import pandas as pd
import pytest
import torch
from trained import Results

from whypretrain import models
from whypretrain.data import ImageSet

torch.set_num_threads(1)


def bars(classes: int, per_class: int, seed: int, *, prefix: str = "bar") -> ImageSet:
    """Noisy images with one bright row a class; half train, half test."""
    random = np.random.default_rng(seed)
    labels = np.tile(np.arange(classes), 2 * per_class)
    images = random.integers(0, 120, (len(labels), 1, 8, 8), dtype=np.uint8)
    images[np.arange(len(labels)), 0, labels % 8] += 120
    split = np.repeat(["train", "test"], classes * per_class)
    names = [f"{prefix} {label}" for label in labels]
    manifest = pd.DataFrame({"split": split, "label": labels, "class_name": names, "concept": prefix, "origin": "test"})
    manifest.insert(0, "id", [str(row) for row in range(len(labels))])
    return ImageSet(images, manifest)


@pytest.fixture(scope="session")
def target() -> ImageSet:
    return bars(4, 10, seed=0)


@pytest.fixture(scope="session")
def source() -> ImageSet:
    return bars(7, 6, seed=1, prefix="source")


@pytest.fixture(scope="module")
def root(tmp_path_factory, stages_share_a_process, target, source) -> Results:
    """A pre-trained network and models of every kind, made by the stages."""
    return Results(tmp_path_factory.mktemp("results"), target, source)


@pytest.fixture(scope="session")
def vit() -> models.Architecture:
    options = {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2}
    return models.Architecture(name="vit_tiny_patch16_224", size=8, channels=1, options=options)


@pytest.fixture
def model(vit, target) -> models.Classifier:
    return models.build(vit, target.classes, seed=3)
