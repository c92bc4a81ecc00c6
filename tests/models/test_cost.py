"""Counted operations against closed forms and the figures that papers print for the usual networks."""

import pytest
import torch

from whypretrain.models import Architecture
from whypretrain.models.cost import cost

GMAC = {"resnet50": 4.1, "vgg16": 15.5, "vit_small_patch16_224": 4.6, "vit_base_patch32_224": 4.4}


@pytest.mark.parametrize("name", GMAC)
def test_the_usual_networks(name):
    found = cost(Architecture(name, 224, 3))
    assert found.forward / 2e9 == pytest.approx(GMAC[name], rel=0.02)
    assert found.training == pytest.approx(3 * found.forward, rel=0.04)  # the first layer needs no image gradient


def test_a_vit_by_hand():
    """Patches, then per block 12 d^2 (MLP ratio 4) and 2 t d products a token; twice that in operations."""
    depth, width, tokens, patch = 3, 24, 17, 4
    options = {"patch_size": patch, "embed_dim": width, "depth": depth, "num_heads": 2}
    found = cost(Architecture("vit_tiny_patch16_224", 16, 1, options), classes=5)
    embedding = 2 * (tokens - 1) * patch**2 * width
    block = 2 * tokens * (12 * width**2 + 2 * tokens * width)
    assert found.upto == tuple(embedding + block * number for number in range(1, depth + 1))
    assert found.forward == embedding + depth * block + 2 * 5 * width
    assert found.features == width


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "convnext_atto", "swin_tiny_patch4_window7_224"])
def test_every_family_is_counted_block_by_block(name):
    found = cost(Architecture(name, 64, 3))
    assert list(found.upto) == sorted(found.upto)
    assert 0 < found.upto[0] < found.upto[-1] <= found.forward < found.training
    assert found.kept > 64 * 64 * 3 * 4


def test_memory_kept_is_that_of_a_real_forward_pass():
    """A chain of linear layers and their inputs: what is kept grows with depth as the inputs of the blocks do."""
    shallow, deep = (
        cost(
            Architecture(
                "vit_tiny_patch16_224", 16, 1, {"patch_size": 4, "embed_dim": 24, "depth": depth, "num_heads": 2}
            )
        )
        for depth in (1, 3)
    )
    block = (deep.kept - shallow.kept) / 2
    tokens, width = 17, 24
    assert (
        block >= 4 * tokens * (1 + 1 + 3 + 1 + 1 + 4 + 4) * width
    )  # norm, its input, qkv, attention, MLP before and after


def test_counting_draws_nothing_from_torch_s_generator():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    cost(Architecture("resnet18", 32, 1))
    assert torch.equal(torch.rand(3), expected)


def test_the_widest_modules_of_a_vgg_are_those_of_full_size():
    assert cost(Architecture("vgg11", 64, 3)).passing == 4 * 64 * 64 * (64 + 64)  # its ReLU, at full size
    assert cost(Architecture("vgg16", 64, 3)).passing == 4 * 64 * 64 * (64 + 64)
