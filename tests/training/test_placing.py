"""Images that stay on disk, and the same training from them."""

import tracemalloc

import numpy as np
import pandas as pd
import torch

from whypretrain import data, models
from whypretrain.config.recipe import Recipe
from whypretrain.training.source import joint_source
from whypretrain.training.trainer import _placed, evaluate, train


def test_a_memory_mapped_set_is_not_copied(target, tmp_path):
    data.save(target, tmp_path)
    mapped = data.load(tmp_path)
    pixels, chosen = _placed(mapped.images, mapped.rows("train"))
    if models.device().type == "cpu":
        assert pixels.data_ptr() == mapped.images.ctypes.data
        assert torch.equal(chosen, torch.arange(40))


def test_training_from_disk_is_training_from_memory(vit, target, tmp_path):
    data.save(target, tmp_path)
    weights = []
    for images in (target, data.load(tmp_path)):
        model = models.build(vit, target.classes, seed=3)
        train(model, images, Recipe(steps=3, batch_size=9), seed=1)
        weights.append(model.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_memory_does_not_grow_with_the_source(tmp_path):
    """Joint training with every second class of a source on disk, its splits mixed, and near-duplicates left out."""
    number, classes = 20_000, 20
    images = np.lib.format.open_memmap(
        tmp_path / "images.npy", mode="w+", dtype=np.uint8, shape=(number, 3, 64, 64)
    )  # 246 MB, which lie nowhere before they are written
    labels = np.arange(number) % classes
    manifest = pd.DataFrame({"split": np.where(np.arange(number) % 5, "train", "test"), "label": labels})
    manifest["class_name"] = [f"class {label}" for label in labels]
    large = data.ImageSet(images, manifest)
    small = data.ImageSet(np.array(images[:200]), manifest[:200])
    small.images[:] = np.random.default_rng(0).integers(0, 256, small.images.shape)
    options = {"patch_size": 16, "embed_dim": 12, "depth": 1, "num_heads": 2}
    architecture = models.Architecture("vit_tiny_patch16_224", size=64, channels=3, options=options)
    model = models.build(architecture, small.classes, seed=0)
    recipe = Recipe(steps=2, batch_size=8, source="uot", drop_duplicates=True)
    tracemalloc.start()
    drawn = joint_source(large, small, recipe, classes=range(0, classes, 2))
    train(model, small, recipe, seed=0, source=drawn.images, source_classes=drawn.classes)
    evaluate(model, large, split="test", batch_size=50)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
