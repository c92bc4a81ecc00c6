"""Each format is made here as the usual tools write it; the weights must come back in the right places."""

import pickle

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from timm_weights import published

from whypretrain.errors import InputError
from whypretrain.models import Architecture, build, device, import_checkpoint, load, projected, save
from whypretrain.training import Recipe
from whypretrain.training.trainer import starting_model


@pytest.fixture(params=["vit", "plain_resnet"])
def either(request):
    return request.getfixturevalue(request.param)


WRAPPERS = {
    "plain": lambda state: state,
    "state_dict": lambda state: {"epoch": 3, "state_dict": state},
    "model": lambda state: {"model": state, "optimizer": {"lr": 0.1}},
    "data parallel": lambda state: {"state_dict": {f"module.{name}": value for name, value in state.items()}},
}


def write(state, path, wrapper="plain"):
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(WRAPPERS[wrapper](state), path)
    return f"file:{path}"


@pytest.mark.parametrize(
    ("file", "wrapper"), [("w.safetensors", "plain"), *[("w.pth", wrapper) for wrapper in WRAPPERS]]
)
def test_the_logits_of_the_publisher_come_back(either, classes, tmp_path, file, wrapper):
    theirs = published(either, len(classes))
    model, notes = import_checkpoint(either, write(theirs.state_dict(), tmp_path / file, wrapper), classes)
    images = torch.rand(2, 1, either.size, either.size)
    assert notes == []
    assert not model.training
    assert torch.allclose(model(images.to(device())).cpu(), theirs((images - 0.5) / 0.5), atol=1e-4)


def test_a_head_for_other_classes_is_dropped_and_said(either, classes, tmp_path):
    theirs = published(either, 10)
    source = write(theirs.state_dict(), tmp_path / "w.pth")
    model, notes = import_checkpoint(either, source, classes, seed=4)
    assert notes == ["the head was dropped; a new one for 3 classes was drawn"]
    assert torch.equal(model.head.weight, build(either, classes, seed=4).head.weight)
    images = torch.rand(2, 1, either.size, either.size)
    expected = theirs.forward_head(theirs.forward_features((images - 0.5) / 0.5), pre_logits=True)
    assert torch.allclose(model.features(images.to(device())).cpu(), expected, atol=1e-4)


@pytest.fixture
def moco(plain_resnet, classes, tmp_path):
    """A file as MoCo v2 writes it, and what it holds of the query encoder: backbone, and projection to 8 dimensions."""
    query = published(plain_resnet, 10).state_dict()
    key = build(plain_resnet, classes, seed=0).backbone.state_dict()
    query = {name: value for name, value in query.items() if not name.startswith("fc.")}
    draw = torch.Generator().manual_seed(3)
    shapes = {"0.weight": (10, 10), "0.bias": (10,), "2.weight": (8, 10), "2.bias": (8,)}
    head = {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}
    state = {f"module.encoder_q.{name}": value for name, value in query.items()}
    state |= {f"module.encoder_q.fc.{name}": value for name, value in head.items()}
    state |= {f"module.encoder_k.{name}": value for name, value in key.items()}
    state["module.queue"] = torch.zeros(8, 16)
    torch.save({"arch": "resnet18", "state_dict": state}, tmp_path / "moco.pth.tar")
    return tmp_path / "moco.pth.tar", query, head


def test_moco_gives_its_query_encoder(plain_resnet, classes, moco):
    path, query, _ = moco
    model, notes = import_checkpoint(plain_resnet, f"file:{path}", classes)
    found = model.backbone.state_dict()
    assert all(torch.equal(found[name].cpu(), query[name]) for name in query)
    assert notes == ["the projection to 8 dimensions serves selection alone; a new head was drawn"]


def test_moco_s_projection_serves_selection_and_not_training(plain_resnet, classes, moco, tmp_path):
    path, _, head = moco
    model, _ = import_checkpoint(plain_resnet, f"file:{path}", classes)
    save(model, tmp_path / "model", {})
    again = load(tmp_path / "model")
    features = np.random.default_rng(0).standard_normal((5, 10)).astype(np.float32)
    hidden = np.maximum(features @ head["0.weight"].numpy().T + head["0.bias"].numpy(), 0)
    expected = hidden @ head["2.weight"].numpy().T + head["2.bias"].numpy()
    assert np.allclose(projected(again, features), expected, atol=1e-4)
    started = starting_model(again, ["x", "y"], Recipe(), seed=0)
    assert started.projection is None
    assert torch.equal(started.backbone.conv1.weight, again.backbone.conv1.weight)
    assert projected(started, features) is features


def test_our_own_file_is_a_checkpoint_too(architecture, classes, tmp_path):
    ours = build(architecture, classes, seed=9)
    save(ours, tmp_path, {})
    model, notes = import_checkpoint(architecture, f"file:{tmp_path / 'model.safetensors'}", classes)
    assert notes == []
    found = model.state_dict()
    assert all(torch.equal(found[name], value) for name, value in ours.state_dict().items())


def test_colour_weights_serve_grey_images_as_their_sum(plain_resnet, classes, tmp_path):
    colour = plain_resnet.changed(channels=3)
    theirs = published(colour, 3)
    model, notes = import_checkpoint(plain_resnet, write(theirs.state_dict(), tmp_path / "w.pth"), classes)
    grey = torch.rand(2, 1, 32, 32)
    expected = theirs(((grey - 0.5) / 0.5).expand(2, 3, 32, 32))
    assert torch.allclose(model(grey.to(device())).cpu(), expected, rtol=1e-3)
    assert notes == ["conv1.weight was resampled from (64, 3, 7, 7) to (64, 1, 7, 7)"]


def test_positions_are_resampled_to_the_image_size(vit, classes, tmp_path):
    larger = Architecture(vit.name, 32, 1, vit.options)
    source = write(published(larger, 3).state_dict(), tmp_path / "w.pth")
    model, notes = import_checkpoint(vit, source, classes)
    assert model.backbone.pos_embed.shape == (1, 17, 12)
    assert notes == ["pos_embed was resampled from (1, 65, 12) to (1, 17, 12)"]


def test_another_family_is_recognised(vit, plain_resnet, classes, tmp_path):
    source = write(published(vit, 3).state_dict(), tmp_path / "vit.pth")
    with pytest.raises(InputError, match="looks like a ViT of 3 blocks, width 12") as refused:
        import_checkpoint(plain_resnet, source, classes)
    assert "missing: " in str(refused.value)
    assert "unexpected: " in str(refused.value)
    source = write(published(plain_resnet, 3).state_dict(), tmp_path / "resnet.pth")
    with pytest.raises(InputError, match="looks like a ResNet of 4 stages"):
        import_checkpoint(vit, source, classes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "vgg11", "convnext_tiny", "swin_tiny_patch4_window7_224"])
def test_the_architecture_that_fits_is_suggested(vit, classes, tmp_path, name):
    state = timm.create_model(name, num_classes=7).state_dict()
    source = write({key: value.half() for key, value in state.items()}, tmp_path / "w.pth")
    with pytest.raises(InputError, match=rf"set architecture: {{name: {name}}} without options") as refused:
        import_checkpoint(vit, source, classes)
    assert "\n" not in str(refused.value)


class Payload:
    """Touches a file when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("writer", ["torch", "pickle"])
def test_no_pickle_is_executed(vit, classes, tmp_path, writer):
    harmful = {"state_dict": {"x": Payload(tmp_path / "executed")}}
    with open(tmp_path / "w.pth", "wb") as file:
        torch.save(harmful, file) if writer == "torch" else pickle.dump(harmful, file, protocol=2)
    with pytest.raises(InputError, match="never executed") as refused:
        import_checkpoint(vit, f"file:{tmp_path / 'w.pth'}", classes)
    assert not (tmp_path / "executed").exists()
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors", "w.npz"])
@pytest.mark.parametrize("content", [b"", b"not weights"], ids=["empty", "text"])
def test_damaged_files_are_named(vit, classes, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: ") as refused:
        import_checkpoint(vit, f"file:{tmp_path / name}", classes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"), [([1, 2], "holds no state dict"), ({"state_dict": {}}, "holds no state dict")]
)
def test_files_without_a_state_dict_are_named(vit, classes, tmp_path, content, told):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(InputError, match=told):
        import_checkpoint(vit, f"file:{tmp_path / 'w.pth'}", classes)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("model.pth", "give timm:NAME, torchvision:WEIGHTS or file:PATH"),
        ("file:", "give timm:NAME"),
        ("file:no.pth", "no such file"),
    ],
)
def test_sources_that_are_none(vit, classes, source, told):
    with pytest.raises(InputError, match=told):
        import_checkpoint(vit, source, classes)


def test_torchvision_s_weights(classes, monkeypatch, tmp_path):
    """From the place where torchvision keeps what it fetched; normalised as its images were."""
    from torchvision.models import ResNet18_Weights, resnet18

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    theirs, weights = resnet18().eval(), ResNet18_Weights.IMAGENET1K_V1
    torch.save(theirs.state_dict(), tmp_path / "checkpoints" / weights.url.rpartition("/")[2])
    names = [str(number) for number in range(1000)]
    ours, notes = import_checkpoint(Architecture("resnet18", 64, 3), f"torchvision:{weights}", names)
    images, expected = torch.rand(2, 3, 64, 64), weights.transforms()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (expected.mean, expected.std))
    assert torch.allclose(ours(images.to(device())).cpu(), theirs((images - mean) / std), atol=1e-3)
    assert "images are normalised as torchvision:ResNet18_Weights.IMAGENET1K_V1 was" in notes[0]
    with pytest.raises(InputError, match=r"torchvision:ResNet18_Weights\.NONE: could not be fetched"):
        import_checkpoint(Architecture("resnet18", 64, 3), "torchvision:ResNet18_Weights.NONE", names)


def test_without_a_network_the_message_says_so(vit, classes, monkeypatch, tmp_path):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"could not be fetched .* check the name and the network"):
        import_checkpoint(vit, "timm:vit_tiny_patch16_224.augreg_in21k", classes)
    with pytest.raises(InputError, match="could not be fetched"):
        import_checkpoint(vit, "timm:vit_tiny_patch16_224.no_such_tag", classes)
