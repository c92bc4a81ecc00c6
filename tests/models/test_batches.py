"""Batch sizes that follow from the network: small where activations are wide; results do not depend on them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from whypretrain import models
from whypretrain.models import Architecture, batches, build
from whypretrain.models.cost import cost, passing


def network(name, size, **options):
    return build(
        Architecture.from_dict({"name": name, "size": size, "channels": 3, "options": options}), ["a", "b"], seed=0
    )


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [("tf_efficientnet_lite0", 96, 16), ("vit_small_patch14_dinov2", 98, 64), ("resnet18", 64, 64)],
)
def test_the_batches_that_benchmarks_found_the_fastest(name, size, expected):
    model = network(name, size)
    assert batches.forward_batch(model) == expected
    assert batches.inversion_batch(model) == min(96, 2 * expected)


def test_bounds_and_the_gpu(monkeypatch):
    wide, narrow = network("resnet18", 600), network("vit_tiny_patch16_224", 16, depth=1, embed_dim=12, num_heads=3)
    assert batches.forward_batch(wide) == batches.LEAST
    assert batches.forward_batch(narrow) == batches.MOST
    monkeypatch.setattr(batches, "device", lambda: torch.device("cuda"))
    assert batches.forward_batch(wide) == batches.MOST


def test_passing_is_what_the_whole_count_says():
    architecture = network("resnet18", 64).architecture
    assert passing(architecture) == cost(architecture).passing


def test_features_do_not_depend_on_it():
    model = network("resnet18", 32)
    images = np.random.default_rng(0).integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)
    one, other = (models.extract(model.eval(), images, size) for size in (batches.forward_batch(model), 7))
    np.testing.assert_allclose(one, other, atol=1e-5)
