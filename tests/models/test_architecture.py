import json

import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models import Architecture, build
from whypretrain.models.architecture import timm_backbone

SMALL = {"name": "resnet18", "size": 16, "channels": 1}


def test_plain_values_come_back_equal_through_json(architecture):
    values = json.loads(json.dumps(architecture.to_dict()))
    assert Architecture.from_dict(values) == architecture


def test_one_mean_serves_all_channels():
    colour = Architecture.from_dict({**SMALL, "channels": 3, "mean": 0.4, "std": [0.2, 0.3, 0.4]})
    assert colour.mean == (0.4, 0.4, 0.4)
    assert colour.std == (0.2, 0.3, 0.4)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "resnet_18"}, "did you mean resnet18"),
        ({"stemm": "small"}, "unknown key 'stemm' in model 'resnet18'; did you mean 'stem'"),
        ({"stem": "tiny"}, "stem must be one of 'standard', 'small', not 'tiny'"),
        ({"options": {"in_chans": 3}}, "option 'in_chans' follows"),
        ({"name": None}, "name must be text, not None"),
        ({"options": ["depth"]}, "options must be a mapping"),
        ({"mean": [0.1, 0.2]}, "mean must be a number or one for each of 1 channels"),
        ({"mean": ["a"]}, r"mean.0 must be a number, not .a."),
        ({"std": float("nan")}, "std.* must be a finite number, not nan"),
        ({"std": [0]}, "std must be positive"),
        ({"head_std": 0}, "head_std must be above 0, not 0"),
        ({"size": 0}, "size must be at least 1, not 0"),
        ({"channels": "1"}, "channels must be a whole number, not '1'"),
    ],
)
def test_bad_values_are_named(change, told):
    with pytest.raises(InputError, match=told):
        Architecture.from_dict({**SMALL, **change})


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match="'size' is missing"):
        Architecture.from_dict({"name": "resnet18", "channels": 1})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"options": {"depht": 4}}, "unknown option 'depht'"),
        ({"options": {"layers": [1, 1], "channels": [4, 8]}}, "does not work with images of 16 px"),
        ({"name": "convnext_atto", "options": {"dims": [4, 8]}}, "list index out of range"),
        ({"stem": "small", "size": 65}, "images up to 64 px, not 65"),
        ({"name": "vit_tiny_patch16_224", "stem": "small"}, "timm"),
        ({"name": "vit_tiny_patch16_224", "size": 18, "options": {"patch_size": 4}}, "4 px do not tile 18 px"),
        ({"name": "vit_tiny_patch16_224", "options": {"embed_dim": 10, "num_heads": 3}}, "divisible by num_heads"),
    ],
)
def test_what_timm_cannot_build_is_refused(change, told):
    with pytest.raises(InputError, match=told) as refused:
        build(Architecture.from_dict({**SMALL, **change}), ["a", "b"], seed=0)
    assert "\n" not in str(refused.value)


def test_small_stem_keeps_the_resolution_and_the_width_of_the_first_stage(resnet):
    backbone, n_features = timm_backbone(resnet)
    stem = backbone.maxpool(backbone.conv1(torch.zeros(1, 1, 16, 16)))
    assert stem.shape == (1, 4, 16, 16)
    assert n_features == 10


def test_small_stem_of_a_standard_resnet_is_the_cifar_one():
    backbone, _ = timm_backbone(Architecture.from_dict({**SMALL, "stem": "small", "channels": 3}))
    shapes = {name: tuple(value.shape) for name, value in backbone.named_parameters()}
    assert shapes["conv1.weight"] == (64, 3, 3, 3)
    assert shapes["layer4.1.conv2.weight"] == (512, 512, 3, 3)


def test_standard_stem_is_timms_own():
    import timm

    backbone, _ = timm_backbone(Architecture.from_dict({**SMALL, "size": 64, "channels": 3}))
    published = timm.create_model("resnet18", num_classes=0)
    assert {k: v.shape for k, v in backbone.state_dict().items()} == {
        k: v.shape for k, v in published.state_dict().items()
    }
