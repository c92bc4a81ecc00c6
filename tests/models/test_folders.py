"""Folders of weights as libraries write them: timm's for the hub, transformers' `Trainer` and `save_pretrained`."""

import json
import sys

import pytest
import safetensors.torch
import timm
import torch
from timm_weights import check, published

from whypretrain.errors import InputError
from whypretrain.models import Architecture, device, import_checkpoint
from whypretrain.models.published import fetch, keep


def test_timm_s_folder(tmp_path):
    """As timm's `save_for_hf` writes it, with its own normalisation and names of classes."""
    torch.manual_seed(0)
    theirs = timm.create_model("test_resnet", num_classes=3)
    theirs.pretrained_cfg |= {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
    timm.models.save_for_hf(theirs, tmp_path / "hub", model_config={"label_names": ["2", "0", "1"]})
    architecture = Architecture("test_resnet", 32, 3)
    source, classes = f"file:{tmp_path / 'hub'}", ["0", "1", "2"]
    model, notes = import_checkpoint(architecture, source, classes, head_needed=True)
    assert notes == [
        f"images are normalised as {source} was: (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)",
        "its 3 classes are matched by their names",
    ]
    assert torch.equal(model.head.weight.cpu(), theirs.fc.weight[[1, 2, 0]])


def transformers_vit(theirs, width, folder, classes):
    """A ViT's weights as transformers' `save_pretrained` writes them."""
    names = [
        ("patch_embed.proj", "embeddings.patch_embeddings.projection"), ("cls_token", "embeddings.cls_token"),
        ("pos_embed", "embeddings.position_embeddings"), ("blocks.", "encoder.layer."), ("norm1", "layernorm_before"),
        ("norm2", "layernorm_after"), ("attn.proj", "attention.output.dense"), ("mlp.fc1", "intermediate.dense"),
        ("mlp.fc2", "output.dense"),
    ]  # fmt: skip
    state = {}
    for name, value in theirs.state_dict().items():
        for ours, other in names:
            name = name.replace(ours, other)
        name = name.replace("norm.", "layernorm.") if name.startswith("norm.") else name
        prefix = "classifier." if name.startswith("head.") else "vit."
        if "attn.qkv" in name:
            for part, rows in zip(("query", "key", "value"), value.split(width), strict=True):
                state[prefix + name.replace("attn.qkv", f"attention.attention.{part}")] = rows.clone()
        else:
            state[prefix + name.removeprefix("head.")] = value
    folder.mkdir(parents=True)
    safetensors.torch.save_file(state, folder / "model.safetensors")
    config = {"model_type": "vit", "id2label": {str(i): name for i, name in enumerate(classes)}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": [0.5], "image_std": [0.5]}))


def test_a_trainer_s_folder_of_a_transformers_vit(vit, tmp_path):
    theirs = published(vit, 3)
    for step, factor in ((9, 0.5), (20, 1.0)):
        for value in theirs.parameters():
            value.data.mul_(factor)
        transformers_vit(theirs, 12, tmp_path / f"checkpoint-{step}", ["0", "1", "2"])
    torch.save({"state": {}}, tmp_path / "checkpoint-20/optimizer.pt")
    notes = check(vit, tmp_path, theirs, head_needed=True)
    assert notes[0] == "the weights are those of checkpoint-20, the last checkpoint there"


def test_weights_in_parts(plain_resnet, tmp_path):
    theirs = published(plain_resnet, 3)
    items = list(theirs.state_dict().items())
    parts = {"model-00001-of-00002.safetensors": dict(items[:20]), "model-00002-of-00002.safetensors": dict(items[20:])}
    for name, part in parts.items():
        safetensors.torch.save_file(part, tmp_path / name)
    index = {"weight_map": {key: name for name, part in parts.items() for key in part}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    assert check(plain_resnet, tmp_path, theirs) == []


def test_a_repository_of_the_hub(vit, tmp_path, monkeypatch):
    """From the hub's own cache, as its library leaves it; with and without a revision, kept and fetched."""
    import huggingface_hub.constants

    commit, repository = "0" * 40, tmp_path / "cache/models--me--vit"
    transformers_vit(theirs := published(vit, 3), 12, repository / "snapshots" / commit, ["x", "y", "z"])
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    for source in ("hf:me/vit", f"hf:me/vit@{commit}"):
        found = fetch(source)
        assert found.origin["revision"] == commit
        keep(source, found, tmp_path / "kept")
        model, notes = import_checkpoint(vit, source, ["z", "x", "y"], head_needed=True, weights=tmp_path / "kept")
        assert torch.equal(model.head.weight.cpu(), theirs.head.weight[[2, 0, 1]])
        pinned = [] if "@" in source else [f"revision {commit} was taken; hf:me/vit@{commit} names it"]
        normalised = f"images are normalised as {source} was: (0.5,), (0.5,)"
        assert notes == [*pinned, normalised, "its 3 classes are matched by their names"]
    with pytest.raises(InputError, match=r"hf:me/other: could not be fetched .*check the name and the network"):
        fetch("hf:me/other")


def test_without_the_hub_s_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match=r"hf:me/vit: needs huggingface_hub; run `pip install 'whypretrain\[hub\]'`"):
        fetch("hf:me/vit")


@pytest.mark.parametrize("family", ["vit", "deit", "dinov2", "mae"])
def test_transformers_own_models(tmp_path, family):
    """Where transformers is installed, its own `save_pretrained`."""
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
    sizes |= {"mlp_ratio": 2} if family == "dinov2" else {"intermediate_size": 48}
    config, model, ours = {
        "vit": (transformers.ViTConfig, transformers.ViTModel, "vit_tiny_patch16_224"),
        "deit": (transformers.DeiTConfig, transformers.DeiTModel, "deit_tiny_distilled_patch16_224"),
        "dinov2": (transformers.Dinov2Config, transformers.Dinov2Model, "vit_small_patch14_dinov2"),
        "mae": (transformers.ViTMAEConfig, transformers.ViTMAEForPreTraining, "vit_tiny_patch16_224"),
    }[family]
    theirs = model(config(**sizes)).eval()
    for value in theirs.parameters():
        torch.nn.init.normal_(value, std=0.3)
    theirs.save_pretrained(tmp_path)
    options = {"patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2, "mlp_ratio": 2}
    imported, _ = import_checkpoint(Architecture(ours, 32, 3, options), f"file:{tmp_path}", ["a", "b"])
    if family != "mae":
        images = torch.rand(2, 3, 32, 32)
        with torch.no_grad():
            expected = theirs(images).last_hidden_state
            found = imported.backbone.forward_features(images.to(device())).cpu()
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
