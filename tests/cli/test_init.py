"""`whypretrain init`: a config that is valid, from pictures and a checkpoint, and what was found in them."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import yaml
from PIL import Image

from whypretrain.cli import main


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for split, number in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            folder = tmp_path / f"my photos/{split}/{name}"
            folder.mkdir(parents=True)
            for index in range(number):
                pixels = np.random.default_rng([index, number]).integers(0, 255, (40, 40, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{index}.png")
    return "my photos"


def test_pictures_and_a_checkpoint(photos, capsys):
    torch.save(timm.create_model("resnet18", num_classes=2).state_dict(), "weights.pth")
    assert main(["init", photos, "weights.pth"]) == 0
    told = capsys.readouterr().out
    assert "my photos: 2 classes, 6 training and 4 test pictures" in told
    assert "file:weights.pth: resnet18, images of 224 px" in told
    assert "whypretrain run mine.yaml" in told
    found = yaml.safe_load(Path("mine.yaml").read_text())
    assert found["datasets"]["pictures"] == {"kind": "imagefolder", "root": "my photos"}
    assert found["models"]["pretrained"]["checkpoint"] == "file:weights.pth"
    assert found["grid"]["source"] is None


def test_without_a_checkpoint_the_small_networks_are_pretrained(photos):
    assert main(["init", photos, "--out", "small.yaml"]) == 0
    found = yaml.safe_load(Path("small.yaml").read_text())
    assert found["experiment"] == "small"
    assert "source" not in found["grid"]
    assert "models" not in found


def test_a_file_that_is_there_is_kept(photos, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text("mine\n")
    assert main(["init", photos]) == 2
    assert "mine.yaml exists" in capsys.readouterr().err
    assert (tmp_path / "mine.yaml").read_text() == "mine\n"


def test_a_folder_without_pictures_leaves_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["init", "empty"]) == 2
    assert "empty" in capsys.readouterr().err
    assert not (tmp_path / "mine.yaml").exists()
