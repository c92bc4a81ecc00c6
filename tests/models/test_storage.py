import json

import pytest
import safetensors.torch
import torch

from whypretrain.errors import InputError
from whypretrain.models import build, device, load, load_checkpoints, save
from whypretrain.runtime import files


@pytest.fixture
def folder(vit, classes, tmp_path):
    save(build(vit, classes, seed=3), tmp_path / "model", {"source": "glyphs"})
    return tmp_path / "model"


def rewrite(folder, **change):
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**card, **change}))


def test_a_model_comes_back_bit_by_bit(architecture, classes, tmp_path):
    model = build(architecture, classes, seed=3)
    model(torch.rand(8, 1, 16, 16, device=device()))  # moves the running statistics of a ResNet
    save(model, tmp_path, {"steps": 1})
    found = load(tmp_path)
    assert not found.training
    assert found.architecture == architecture
    assert found.classes == classes
    images = torch.rand(5, 1, 16, 16, device=device())
    assert torch.equal(found(images), model.eval()(images))


def test_the_card_describes_the_weights(folder, vit, classes):
    card = json.loads((folder / "model.json").read_text())
    assert card["architecture"] == vit.to_dict()
    assert card["classes"] == classes
    assert card["provenance"] == {"source": "glyphs"}
    assert card["sha256"] == files.sha256(folder / "model.safetensors")


def test_the_same_model_gives_the_same_bytes(folder, vit, classes, tmp_path):
    save(build(vit, classes, seed=3), tmp_path / "again", {"source": "glyphs"})
    for name in ("model.safetensors", "model.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_truncated_file_is_named(folder, keep):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"model\.safetensors: damaged or changed"):
        load(folder)


def test_a_damaged_file_with_its_own_hash_is_named(folder):
    (folder / "model.safetensors").write_bytes(b"PK\x03\x04 not tensors")
    rewrite(folder, sha256=files.sha256(folder / "model.safetensors"))
    with pytest.raises(InputError, match="not a readable safetensors file"):
        load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        load(folder)


def test_an_incomplete_card_is_named(folder):
    (folder / "model.json").write_text('{"classes": ["a", "b"]}')
    with pytest.raises(InputError, match=r"model\.json: 'architecture' is missing"):
        load(folder)


def test_weights_of_another_family_list_five_names_of_each_kind(folder, resnet):
    rewrite(folder, architecture=resnet.to_dict())
    with pytest.raises(InputError, match="weights do not fit resnet18") as refused:
        load(folder)
    told = str(refused.value)
    missing, unexpected = told.split("missing: ")[1].split("; unexpected: ")
    assert missing.count("backbone.") == 5
    assert "backbone.conv1.weight" in missing
    assert "backbone.blocks.0.attn.proj.bias" in unexpected
    assert "more" in missing
    assert "\n" not in told


def test_weights_of_another_depth_or_width_are_told(folder, vit):
    rewrite(folder, architecture={**vit.to_dict(), "options": {**vit.options, "depth": 2}})
    with pytest.raises(InputError, match=r"unexpected: backbone\.blocks\.2"):
        load(folder)
    rewrite(folder, architecture={**vit.to_dict(), "options": {**vit.options, "embed_dim": 8}})
    with pytest.raises(InputError, match=r"of another shape: backbone\.cls_token \(1, 1, 12\) for \(1, 1, 8\)"):
        load(folder)


def test_no_half_written_model_passes(folder, vit, classes):
    """As after a crash between the two files: new weights next to the old card."""
    state = build(vit, classes, seed=4).state_dict()
    safetensors.torch.save_file(state, folder / "model.safetensors")
    with pytest.raises(InputError, match="damaged or changed"):
        load(folder)


def test_checkpoints_come_in_order_of_their_steps(vit, classes, tmp_path):
    made = {step: build(vit, classes, seed=step) for step in (10, 2, 0)}
    states = {f"{step}/{key}": value for step, model in made.items() for key, value in model.state_dict().items()}
    safetensors.torch.save_file(states, tmp_path / "checkpoints.safetensors")
    model = build(vit, classes, seed=9)
    before = model.head.weight.clone()
    found = dict(load_checkpoints(tmp_path / "checkpoints.safetensors", model))
    assert list(found) == [0, 2, 10]
    assert all(torch.equal(found[step].head.weight, made[step].head.weight) for step in made)
    assert torch.equal(model.head.weight, before)
    safetensors.torch.save_file({}, tmp_path / "none.safetensors")
    with pytest.raises(InputError, match="holds no checkpoint"):
        next(load_checkpoints(tmp_path / "none.safetensors", model))
