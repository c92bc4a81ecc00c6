"""What a config's networks, pre-training and data are, whatever they are called."""

import pytest

from whypretrain.config.setting import setting_of


def config(network, checkpoint, source):
    return {
        "grid": {"source": source, "targets": ["mine"], "architectures": ["net"]},
        "models": {"net": {"architecture": network, "checkpoint": checkpoint}},
        "datasets": {"mine": {"kind": "cifar10"}, "theirs": {"kind": "imagenet"}},
    }


@pytest.mark.parametrize(
    ("network", "checkpoint", "source", "architecture", "pretraining"),
    [
        ({"name": "vit_base_patch32_224.augreg"}, "file:x.npz", "theirs", "vit_base_patch32_224", "imagenet"),
        ({"name": "resnet18", "stem": "small"}, None, "theirs", "resnet18 (other stem)", "imagenet"),
        (
            {"name": "vit_b", "options": {"depth": 2}},
            "timm:vit_b.a_in21k_ft_in1k",
            None,
            "vit_b (other depth)",
            "imagenet",
        ),
        ({"name": "vgg16"}, "torchvision:VGG16_Weights.IMAGENET1K_V1", None, "vgg16", "imagenet"),
        ({"name": "vgg16"}, "file:model.pt", None, "vgg16", "unknown"),
    ],
)
def test_setting(network, checkpoint, source, architecture, pretraining):
    assert setting_of(config(network, checkpoint, source)) == {
        "architecture": {"net": architecture},
        "pretraining": {"net": pretraining},
        "data": {"mine": "cifar10"},
    }
