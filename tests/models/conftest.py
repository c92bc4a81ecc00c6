import pytest

from whypretrain.models import Architecture

VIT = {
    "name": "vit_tiny_patch16_224",
    "size": 16,
    "channels": 1,
    "options": {"patch_size": 4, "embed_dim": 12, "depth": 3, "num_heads": 2, "mlp_ratio": 2},
}
RESNET = {
    "name": "resnet18",
    "size": 16,
    "channels": 1,
    "stem": "small",
    "options": {"layers": [2, 1, 1, 1], "channels": [4, 6, 8, 10]},
}
SMALL_RESNET = {"layers": [1, 1, 1, 1], "channels": [4, 6, 8, 10]}
CLASSES = ["a", "b", "c"]


@pytest.fixture
def vit():
    return Architecture.from_dict(VIT)


@pytest.fixture
def resnet():
    return Architecture.from_dict(RESNET)


@pytest.fixture
def plain_resnet():
    return Architecture("resnet18", 32, 1, SMALL_RESNET)


@pytest.fixture(params=[VIT, RESNET], ids=["vit", "resnet"])
def architecture(request):
    return Architecture.from_dict(request.param)


@pytest.fixture
def classes():
    return CLASSES
