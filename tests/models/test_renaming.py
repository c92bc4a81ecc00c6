"""torchvision's own small models, their weights in timm's: the same logits."""

import pytest
import timm
import torch
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer

from whypretrain.models.renaming import from_torchvision

CONVNEXT = [CNBlockConfig(8, 12, 1), CNBlockConfig(12, 16, 2), CNBlockConfig(16, 20, 1), CNBlockConfig(20, None, 1)]
PAIRS = {
    "vit": (
        lambda: VisionTransformer(64, 16, 3, 3, 48, 96, num_classes=5),
        ("vit_tiny_patch16_224", {"embed_dim": 48, "depth": 3, "num_heads": 3, "mlp_ratio": 2, "img_size": 64}),
    ),
    "convnext": (
        lambda: ConvNeXt(CONVNEXT, num_classes=5),
        ("convnext_tiny", {"depths": [1, 2, 1, 1], "dims": [8, 12, 16, 20]}),
    ),
    "swin": (
        lambda: SwinTransformer([4, 4], 8, [2, 2], [2, 4], [4, 4], num_classes=5),
        (
            "swin_tiny_patch4_window7_224",
            {"embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "img_size": 64},
        ),
    ),
}


@pytest.mark.parametrize("family", PAIRS)
def test_logits_are_the_same(family):
    make, (name, options) = PAIRS[family]
    torch.manual_seed(0)
    theirs = make().eval()
    for value in theirs.parameters():
        torch.nn.init.normal_(value, std=0.3)
    ours = timm.create_model(name, num_classes=5, **options).eval()
    ours.load_state_dict(from_torchvision(theirs.state_dict()))
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected = theirs(images)
        assert expected.std() > 1e-2
        assert (expected[0] - expected[1]).abs().max() > 1e-3
        assert torch.allclose(ours(images), expected, atol=1e-4 * expected.abs().max().item())


@pytest.mark.parametrize("name", ["resnet18", "vgg11"])
def test_names_of_timm_stay(name):
    state = timm.create_model(name, num_classes=0).state_dict()
    assert from_torchvision(state) is state
