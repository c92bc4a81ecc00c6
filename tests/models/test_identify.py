"""Architectures that checkpoints name, or that they fit."""

import argparse
import json

import pytest
import safetensors.torch
import timm
import torch
from timm.utils import CheckpointSaver

from whypretrain.errors import InputError
from whypretrain.models.identify import Identity, identify, usual_size

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("seeded")]


@pytest.fixture
def seeded():
    torch.manual_seed(0)


def saved(path, name, **options):
    torch.save(timm.create_model(name, **options).state_dict(), path)
    return f"file:{path}"


def test_the_state_dict_of_one_usual_architecture(tmp_path):
    assert identify(saved(tmp_path / "a.pth", "resnet18", num_classes=3)) == Identity("resnet18", None)


def test_names_of_modules_around_it_do_not_matter(tmp_path):
    state = {f"module.{name}": value for name, value in timm.create_model("mobilenetv3_small_100").state_dict().items()}
    torch.save({"model": state}, tmp_path / "a.pth")
    assert identify(f"file:{tmp_path}/a.pth").name == "mobilenetv3_small_100"


def test_what_timm_s_training_script_says(tmp_path):
    model = timm.create_model("test_resnet", num_classes=2)
    arguments = argparse.Namespace(model="test_resnet", img_size=48)
    saver = CheckpointSaver(model, torch.optim.SGD(model.parameters()), args=arguments, checkpoint_dir=str(tmp_path))
    saver.save_checkpoint(0, metric=1.0)
    assert identify(f"file:{tmp_path}/model_best.pth.tar") == Identity("test_resnet", 48)


def test_what_config_json_of_timm_says(tmp_path):
    safetensors.torch.save_file(timm.create_model("test_vit").state_dict(), tmp_path / "model.safetensors")
    told = {"architecture": "test_vit", "pretrained_cfg": {"input_size": [3, 96, 96]}}
    (tmp_path / "config.json").write_text(json.dumps(told))
    assert identify(f"file:{tmp_path}") == Identity("test_vit", 96)


def test_names_of_timm_need_no_file():
    assert identify("timm:resnet50.a1_in1k") == Identity("resnet50.a1_in1k", None)
    assert usual_size("test_vit") == 160


def test_what_fits_none_asks_for_the_name(tmp_path):
    source = saved(tmp_path / "a.pth", "test_vit")
    with pytest.raises(InputError, match="fits none of the usual architectures; name it, --architecture NAME"):
        identify(source)
    assert identify(source, "test_vit").name == "test_vit"
    with pytest.raises(InputError, match="'resnet_18' is no timm model"):
        identify(source, "resnet_18")
