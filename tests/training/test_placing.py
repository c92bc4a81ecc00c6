"""Images that stay on disk, and the same training from them."""

import torch

from whypretrain import data, models
from whypretrain.training.methods import _placed, train
from whypretrain.training.recipe import Recipe


def test_a_memory_mapped_set_is_not_copied(target, tmp_path):
    data.save(target, tmp_path)
    mapped = data.load(tmp_path)
    pixels, _ = _placed(mapped)
    if models.device().type == "cpu":
        assert pixels.data_ptr() == mapped.images.ctypes.data


def test_training_from_disk_is_training_from_memory(vit, target, tmp_path):
    data.save(target, tmp_path)
    weights = []
    for images in (target, data.load(tmp_path)):
        model = models.build(vit, target.classes, seed=3)
        train(model, images, Recipe(steps=3, batch_size=9), seed=1)
        weights.append(model.state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
