"""`whypretrain diff` on weights alone."""

import argparse

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from timm.utils import CheckpointSaver

from whypretrain.cli import main


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A pre-trained model, and the folder of a training that scaled the weights of one block and its own."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    before, after = timm.create_model("test_resnet", num_classes=5), timm.create_model("test_resnet", num_classes=2)
    body = {name: value for name, value in before.state_dict().items() if not name.startswith("fc.")}
    after.load_state_dict(body, strict=False)
    torch.save(before.state_dict(), "pretrained.pth")
    (tmp_path / "run").mkdir()
    saver = CheckpointSaver(
        after, torch.optim.SGD(after.parameters()), args=argparse.Namespace(model="test_resnet"), checkpoint_dir="run"
    )
    for epoch in range(2):
        with torch.no_grad():
            for value in after.layer3.parameters():
                value.mul_(1.5)
        saver.save_checkpoint(epoch, metric=float(epoch))
    return tmp_path


def test_weights_alone(trained, capsys):
    assert main(["diff", "pretrained.pth", "run", "--name", "mine"]) == 0  # the run names its architecture
    printed = capsys.readouterr().out
    assert "the trained model is run/model_best.pth.tar" in printed
    assert printed.rstrip().endswith("results/mine/weights.csv")
    table = pd.read_csv("results/mine/weights.csv").set_index("block")
    changed = table.index.str.startswith("layer3")
    np.testing.assert_allclose(table["relative_change"][changed], 1.25, rtol=1e-6)
    np.testing.assert_allclose(table["cosine"], 1, atol=0.2)
    assert (table["relative_change"][~changed].drop("all") == 0).all()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["pretrained.pth", "pretrained.pth"], "fits none of the usual architectures; name it, --architecture NAME"),
        (["no.pth", "pretrained.pth"], "checkpoint 'no.pth': give timm:NAME"),
        (["file:no.pth", "run"], "no.pth: no such file"),
        (["pretrained.pth", "run", "--architecture", "resnet_18"], "'resnet_18' is no timm model"),
        (["pretrained.pth", "run", "--architecture", "resnet18"], "compared as resnet18; --architecture NAME"),
    ],
)
def test_mistakes_are_one_line(trained, capsys, given, told):
    assert main(["diff", *given]) == 2
    found = capsys.readouterr().err
    assert told in found
    assert found.count("\n") == 1
    assert not (trained / "results").exists()
