import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models import Architecture, build, cut_at_stem, device

FAMILIES = {
    "vit_tiny_patch16_224": ({"patch_size": 8, "embed_dim": 12, "depth": 2, "num_heads": 2}, (12, 4, 4)),
    "deit3_small_patch16_224": ({"patch_size": 8, "embed_dim": 12, "depth": 1, "num_heads": 2}, (12, 4, 4)),
    "resnet18": ({"layers": [1, 1, 1, 1], "channels": [4, 6, 8, 10]}, (64, 16, 16)),
    "swin_tiny_patch4_window7_224": (
        {"embed_dim": 8, "depths": [2, 1], "num_heads": [2, 4], "window_size": 4},
        (8, 8, 8),
    ),
    "convnext_atto": ({"depths": [1, 1, 1, 1], "dims": [8, 12, 16, 20]}, (8, 8, 8)),
    "vgg11": ({"mlp_ratio": 0.01}, (64, 32, 32)),
    "tf_efficientnet_lite0": ({}, (32, 16, 16)),
    "mobilenetv3_small_050": ({}, (16, 16, 16)),
    "regnety_002": ({}, (32, 16, 16)),
    "densenet121": ({"growth_rate": 4, "block_config": [1, 1, 1, 1]}, (8, 16, 16)),
    "beit_base_patch16_224": ({"embed_dim": 24, "depth": 1, "num_heads": 2}, (24, 2, 2)),
    "swinv2_tiny_window8_256": ({"embed_dim": 8, "depths": [1, 1], "num_heads": [2, 4], "window_size": 4}, (8, 8, 8)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_rest_goes_on_where_the_stem_ends(name, classes):
    options, shape = FAMILIES[name]
    model = build(Architecture(name, 32, 1, options), classes, seed=0).eval()
    images, cut = torch.rand(2, 1, 32, 32, device=device()), cut_at_stem(model)
    features = cut.stem(images)
    assert features.shape == (2, *shape)
    torch.testing.assert_close(cut.rest(features), model(images))
    assert not torch.allclose(cut.rest(0 * features), model(images))


def test_the_model_stays_whole(architecture, classes):
    model = build(architecture, classes, seed=0).eval()
    names = [name for name, _ in model.named_modules()]
    images = torch.rand(2, 1, 16, 16, device=device())
    before = model(images)
    cut_at_stem(model)
    assert [name for name, _ in model.named_modules()] == names
    assert torch.equal(model(images), before)


def test_the_stem_of_a_network_with_relu_ends_behind_it(resnet, classes):
    stem = cut_at_stem(build(resnet, classes, seed=0).eval()).stem
    assert (stem(torch.rand(2, 1, 16, 16, device=device())) >= 0).all()


def test_a_model_without_stem_is_named(classes):
    options = {"embed_dim": 12, "depth": 1, "num_heads": 2, "cls_attn_layers": 1}
    model = build(Architecture("xcit_nano_12_p16_224", 32, 1, options), classes, seed=0)
    with pytest.raises(InputError, match="Xcit has no known stem"):
        cut_at_stem(model)
