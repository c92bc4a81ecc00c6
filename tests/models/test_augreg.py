"""AugReg's .npz of a ViT: the arrays of Flax come back as timm's weights."""

import numpy as np
import pytest
import torch
from timm_weights import published

from whypretrain.errors import InputError
from whypretrain.models import Architecture, import_checkpoint


def flax(vit, n_classes):
    """The arrays of an AugReg .npz, from a timm ViT: the layout of Flax, kernels as (in, out)."""
    state = {name: value.numpy() for name, value in published(vit, n_classes).state_dict().items()}
    width, heads = vit.options["embed_dim"], vit.options["num_heads"]
    arrays = {
        "embedding/kernel": state["patch_embed.proj.weight"].transpose(2, 3, 1, 0),
        "embedding/bias": state["patch_embed.proj.bias"],
        "cls": state["cls_token"],
        "Transformer/posembed_input/pos_embedding": state["pos_embed"],
        "Transformer/encoder_norm/scale": state["norm.weight"],
        "Transformer/encoder_norm/bias": state["norm.bias"],
        "head/kernel": state["head.weight"].T,
        "head/bias": state["head.bias"],
    }
    for block in range(vit.options["depth"]):
        ours, theirs = f"blocks.{block}.", f"Transformer/encoderblock_{block}/"
        attention = f"{theirs}MultiHeadDotProductAttention_1/"
        for index, name in enumerate(("query", "key", "value")):
            rows = slice(index * width, (index + 1) * width)
            arrays[f"{attention}{name}/kernel"] = state[f"{ours}attn.qkv.weight"][rows].T.reshape(width, heads, -1)
            arrays[f"{attention}{name}/bias"] = state[f"{ours}attn.qkv.bias"][rows].reshape(heads, -1)
        arrays[f"{attention}out/kernel"] = state[f"{ours}attn.proj.weight"].T.reshape(heads, -1, width)
        arrays[f"{attention}out/bias"] = state[f"{ours}attn.proj.bias"]
        for number, name in ((0, "norm1"), (2, "norm2")):
            arrays[f"{theirs}LayerNorm_{number}/scale"] = state[f"{ours}{name}.weight"]
            arrays[f"{theirs}LayerNorm_{number}/bias"] = state[f"{ours}{name}.bias"]
        for number in (0, 1):
            arrays[f"{theirs}MlpBlock_3/Dense_{number}/kernel"] = state[f"{ours}mlp.fc{number + 1}.weight"].T
            arrays[f"{theirs}MlpBlock_3/Dense_{number}/bias"] = state[f"{ours}mlp.fc{number + 1}.bias"]
    return arrays


def test_augreg(vit, classes, tmp_path):
    np.savez(tmp_path / "augreg.npz", **flax(vit, 21))
    model, notes = import_checkpoint(vit, f"file:{tmp_path / 'augreg.npz'}", classes)
    expected = published(vit, 21).state_dict()
    found = model.backbone.state_dict()
    assert all(torch.equal(found[name].cpu(), expected[name]) for name in found)
    assert notes == ["the head was dropped; a new one for 3 classes was drawn"]


def test_augreg_of_another_depth_is_refused(vit, classes, tmp_path):
    deeper = Architecture(vit.name, 16, 1, {**vit.options, "depth": 5})
    np.savez(tmp_path / "augreg.npz", **flax(deeper, 3))
    with pytest.raises(InputError, match="it has 5 blocks, the model 3; set depth"):
        import_checkpoint(vit, f"file:{tmp_path / 'augreg.npz'}", classes)


def test_augreg_is_for_a_vit(plain_resnet, vit, classes, tmp_path):
    np.savez(tmp_path / "augreg.npz", **flax(vit, 3))
    with pytest.raises(InputError, match=r"an \.npz holds a ViT; resnet18 is none"):
        import_checkpoint(plain_resnet, f"file:{tmp_path / 'augreg.npz'}", classes)
