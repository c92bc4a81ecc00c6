import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models import Architecture, build, device

STAGED = {
    "swin_tiny_patch4_window7_224": {"embed_dim": 8, "depths": [2, 1], "num_heads": [2, 4], "window_size": 4},
    "convnext_atto": {"depths": [1, 2, 1, 1], "dims": [8, 12, 16, 20]},
}


def model_of(name, options, classes, size=32):
    return build(Architecture(name, size, 1, options), classes, seed=0).eval()


def tapped(model, images):
    """What the blocks give in one ordinary forward of the whole model, by hooks on timm's modules."""
    modules, taken = dict(model.backbone.named_modules()), []
    hooks = [
        modules[name].register_forward_hook(lambda module, given, output: taken.append(output.flatten(1).clone()))
        for name in model.block_names
    ]
    model(images)
    for hook in hooks:
        hook.remove()
    return taken


def test_outputs_are_those_of_a_full_forward_bit_by_bit(architecture, classes):
    model = build(architecture, classes, seed=0).eval()
    images = torch.rand(3, 1, 16, 16, device=device())
    expected = tapped(model, images)
    assert len(expected) == len(model.block_names)
    for upto in range(1, len(expected) + 1):
        outputs = model.blocks(images, upto=upto)
        assert len(outputs) == upto
        assert all(torch.equal(one, other) for one, other in zip(outputs, expected, strict=False))


def test_the_names_are_in_order_and_the_shapes_full(vit, resnet, classes):
    images = torch.rand(2, 1, 16, 16, device=device())
    first, second = build(vit, classes, seed=0), build(resnet, classes, seed=0)
    assert first.block_names == ["blocks.0", "blocks.1", "blocks.2"]
    assert [output.shape for output in first.blocks(images)] == [(2, 17 * 12)] * 3  # class token and 16 patches
    assert second.block_names == ["layer1.0", "layer1.1", "layer2.0", "layer3.0", "layer4.0"]
    widths = [output.shape[1] for output in second.blocks(images)]
    assert widths == [4 * 256, 4 * 256, 6 * 64, 8 * 16, 10 * 4]


def test_no_later_block_runs(architecture, classes):
    model, ran = build(architecture, classes, seed=0).eval(), []
    modules = dict(model.backbone.named_modules())
    for name in model.block_names:
        modules[name].register_forward_hook(lambda module, given, output, name=name: ran.append(name))
    model.blocks(torch.rand(1, 1, 16, 16, device=device()), upto=2)
    assert ran == model.block_names[:2]


@pytest.mark.parametrize(
    ("name", "options", "names"),
    [
        ("tf_efficientnet_lite0", {}, "blocks"),
        ("mobilenetv3_small_050", {}, "blocks"),
        ("regnety_002", {}, "s"),
        ("densenet121", {"growth_rate": 4, "block_config": [1, 1, 1, 1]}, "features."),
        ("resnetv2_50", {"layers": [1, 1, 1, 1], "channels": [8, 16, 24, 32]}, "st"),
        ("vit_small_patch16_224", {"patch_size": 8, "embed_dim": 12, "depth": 2, "num_heads": 2}, "blocks"),
        ("resnet50", {"layers": [1, 1, 1, 1], "channels": [4, 6, 8, 10]}, "layer"),
        ("vgg16", {"mlp_ratio": 0.01}, "stages"),
        ("convnext_tiny", {"depths": [1, 1, 1, 1], "dims": [4, 6, 8, 10]}, "stages"),
        ("swin_tiny_patch4_window7_224", STAGED["swin_tiny_patch4_window7_224"], "layers"),
    ],
)
def test_every_family_is_read_by_name_up_to_any_block(name, options, names, classes):
    """The first outputs do not depend on how far the forward goes, and the images get a gradient from each."""
    model = model_of(name, options, classes).requires_grad_(False)
    images = torch.rand(1, 1, 32, 32, device=device(), requires_grad=True)
    assert all(each.startswith(names) for each in model.block_names)
    whole = model.blocks(images)
    for upto in range(1, len(whole) + 1):
        outputs = model.blocks(images, upto)
        assert torch.equal(outputs[-1], whole[upto - 1])
        (slope,) = torch.autograd.grad(outputs[-1].square().sum(), images)
        assert slope.abs().sum() > 0
    for own, found in zip(whole, model.staircase([images] * len(whole)), strict=True):
        torch.testing.assert_close(found, own, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["swin_tiny_patch4_window7_224", "convnext_atto"])
def test_stages_of_other_families_are_those_of_a_full_forward(name, classes):
    model = model_of(name, STAGED[name], classes)
    images = torch.rand(2, 1, 32, 32, device=device())
    outputs, expected = model.blocks(images), tapped(model, images)
    assert len(outputs) == len(expected) == len(STAGED[name]["depths"])
    assert all(torch.equal(one, other) for one, other in zip(outputs, expected, strict=True))


def test_stages_of_a_vgg_end_at_its_poolings(classes):
    model = model_of("vgg11", {"mlp_ratio": 0.01}, classes)
    images = torch.rand(1, 1, 32, 32, device=device())
    outputs = model.blocks(images)
    assert [output.shape[1] for output in outputs] == [64 * 256, 128 * 64, 256 * 16, 512 * 4, 512]
    pooled = model.backbone.features((images - 0.5) / 0.5)
    assert torch.equal(outputs[-1], pooled.flatten(1))


def test_gradients_reach_the_images(architecture, classes):
    model = build(architecture, classes, seed=0).eval().requires_grad_(False)
    images = torch.rand(2, 1, 16, 16, device=device(), requires_grad=True)
    model.blocks(images, upto=1)[-1].square().sum().backward()
    assert images.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["densenet121", "regnety_002", "tf_efficientnet_lite0"])
def test_outputs_read_by_hooks_or_by_hand_are_those_of_a_full_forward(name, classes):
    options = {"growth_rate": 4, "block_config": [1, 1, 1, 1]} if name == "densenet121" else {}
    model = model_of(name, options, classes)
    images = torch.rand(2, 1, 32, 32, device=device())
    assert all(torch.equal(one, other) for one, other in zip(model.blocks(images), tapped(model, images), strict=True))


def test_of_a_model_without_known_blocks_the_features_are_read(classes):
    """TNT's blocks pass on pairs of tensors, which are no features."""
    model = model_of(
        "tnt_s_legacy_patch16_224", {"embed_dim": 12, "inner_dim": 8, "depth": 1, "num_heads_outer": 2}, classes
    )
    images = torch.rand(2, 1, 32, 32, device=device())
    assert model.block_names == ["features"]
    torch.testing.assert_close(model.blocks(images), [model.features(images)])
    torch.testing.assert_close(model.staircase([images]), [model.features(images)])


@pytest.mark.parametrize("upto", [0, 4, -1])
def test_a_block_that_is_not_there_is_refused(vit, classes, upto):
    with pytest.raises(InputError, match=f"blocks 1 to 3, not {upto}"):
        build(vit, classes, seed=0).blocks(torch.rand(1, 1, 16, 16, device=device()), upto=upto)
