"""Starts between a checkpoint and random weights."""

import pytest
import torch

from whypretrain.config.models import Pretrained
from whypretrain.errors import InputError
from whypretrain.models import Architecture, build, redraw

RESNET = Architecture("test_resnet", 32, 3)
VIT = Architecture("test_vit", 160, 3)


def changed(architecture, number, seed=1):
    """Names of the backbone's tensors that redrawing gives other values, and the model."""
    model = build(architecture, ["a", "b"], seed=0)
    for tensor in model.backbone.state_dict().values():  # biases and statistics that differ from fresh ones, too
        tensor.add_(1)
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    note = redraw(model, number, seed=seed)
    after = model.backbone.state_dict()
    return {name for name in after if not torch.equal(after[name], before[name])}, model, note


@pytest.mark.parametrize("architecture", [RESNET, VIT], ids=lambda each: each.name)
def test_the_last_blocks_and_what_follows_are_new_and_all_else_is_kept(architecture):
    names = build(architecture, ["a", "b"], seed=0).block_names
    last = tuple(f"{name}." for name in names[-2:])
    new, model, note = changed(architecture, 2)
    owned = model.owners()
    assert new == {name for name, owner in owned.items() if owner in (*names[-2:], "after the blocks")}
    assert {name for name in owned if name.startswith(last)} <= new
    assert note == f"the last 2 of {len(names)} blocks were drawn anew"
    assert changed(architecture, "all")[0] == set(owned)


def test_fewer_blocks_get_the_same_weights_as_more():
    few, more = changed(RESNET, 1)[1], changed(RESNET, "all")[1]
    last = few.block_path().blocks[-1].state_dict()
    assert all(torch.equal(value, more.block_path().blocks[-1].state_dict()[name]) for name, value in last.items())
    fresh = build(RESNET, ["a", "b"], seed=1).backbone.state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in more.backbone.state_dict().items())


def test_what_cannot_be_redrawn_is_named():
    model = build(RESNET, ["a", "b"], seed=0)
    with pytest.raises(InputError, match=r"redrawn is 99, but it has \d+ blocks; use fewer, or all"):
        redraw(model, 99, seed=0)
    with pytest.raises(InputError, match="redrawn needs a checkpoint whose blocks are drawn anew"):
        Pretrained.of({"architecture": {"name": "resnet18"}, "redrawn": 2}, "models.mine")
