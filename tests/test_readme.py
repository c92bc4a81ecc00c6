"""The commands of the README do what it says."""

import copy
import re
from pathlib import Path

import pytest
import timm
import torch
import yaml

from whypretrain.config import check, remarks
from whypretrain.models import Architecture, import_checkpoint

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())


@pytest.fixture
def mine():
    """The example of one's own images and checkpoint, over the default config."""
    [example] = re.findall(r"```yaml\n(experiment: mine\n.*?)```", README, re.DOTALL)
    whole = copy.deepcopy(DEFAULT)
    for section, own in yaml.safe_load(example).items():
        whole[section] = {**whole[section], **own} if isinstance(own, dict) else own
    return whole


def test_the_example_is_valid_and_leaves_nothing_to_remark(mine):
    check(mine, places=False)
    [remark] = remarks(mine)
    assert remark.startswith("grid.methods has no method for the roles joint:")


def test_the_example_takes_a_public_checkpoint(mine, tmp_path):
    model = mine["models"]["mine"]
    public = timm.create_model(model["architecture"]["name"], num_classes=1000)
    torch.save(public.state_dict(), tmp_path / "weights.pth")
    architecture = Architecture.from_dict({**mine["image"], **model["architecture"]})
    made, _ = import_checkpoint(architecture, f"file:{tmp_path}/weights.pth", ["a", "b"], seed=0)
    assert torch.equal(made.backbone.conv1.weight, public.conv1.weight)


def test_joint_methods_of_a_checkpoint_over_glyphs_are_remarked_on(mine):
    mine["grid"]["methods"] = ["finetune", "joint_uot"]
    remark = list(remarks(mine))[-1]
    assert "models.mine.checkpoint: joint_uot assume that it was trained on 'glyphs'" in remark
    mine["datasets"]["seen"] = {"kind": "imagefolder", "root": "."}
    mine["grid"]["source"] = "seen"
    assert len(list(remarks(mine))) == 1  # roles that no method has
