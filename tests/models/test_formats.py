"""What training scripts and libraries really save, in their own formats: the weights come back in their places."""

import argparse
import collections
import pathlib

import numpy as np
import pytest
import safetensors.torch
import torch
from timm.utils import CheckpointSaver, ModelEmaV3
from timm_weights import check, published

from whypretrain.errors import InputError
from whypretrain.models import Architecture, import_checkpoint

ARGS = argparse.Namespace(model="resnet18", lr=0.1, output_dir=pathlib.Path("out"), nodes=[1, 2])
CNN = {"layers": [1, 1, 1, 1], "channels": [4, 6, 8, 10]}


KEYS = ("model_state_dict", "model_state", "net", "module", "params", "weights", "mine", "example")
PREFIXES = ("model.", "net.", "_orig_mod.", "encoder.", "backbone.", "module.")
NAMES = [
    *("torchvision", "DeiT", "Lightning", "data parallel, compiled", "averaged by PyTorch", "backbone and head"),
    *("numbers of NumPy", "a mapping of a class", "the model itself", "the model under a key", "nested"),
    *(*KEYS, *PREFIXES),
]


class AttributeDict(dict):
    """As Lightning keeps hyperparameters: a mapping of a class that a reader does not have."""


class Settings:
    """An object of a user's own."""

    def __init__(self):
        self.depth = 3


def training(architecture, n_classes=3):
    """A model as published, its optimiser, and averaged weights that differ from it."""
    model = published(architecture, n_classes)
    averaged = ModelEmaV3(model)
    for value in averaged.module.state_dict().values():
        if value.is_floating_point():
            value.mul_(0.5)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), averaged


def prefixed(state, prefix):
    return {f"{prefix}{name}": value for name, value in state.items()}


@pytest.mark.parametrize("choice", [None, "ema", "raw"])
def test_timm_s_checkpoint_saver(plain_resnet, tmp_path, choice):
    model, optimizer, averaged = training(plain_resnet)
    saver = CheckpointSaver(model, optimizer, args=ARGS, model_ema=averaged, checkpoint_dir=tmp_path)
    saver.save_checkpoint(0, metric=np.float64(71.5))
    notes = check(
        plain_resnet, tmp_path / "model_best.pth.tar", model if choice == "raw" else averaged.module, choice=choice
    )
    taken, other = ("raw", "ema") if choice == "raw" else ("averaged", "raw")
    (note,) = notes
    assert note.startswith(f"the {taken} weights under 'state_dict")
    assert f"`state: {other}` takes state_dict" in note


def test_a_choice_that_is_not_there_is_refused(plain_resnet, tmp_path):
    torch.save({"model": published(plain_resnet, 3).state_dict()}, tmp_path / "w.pth")
    with pytest.raises(InputError, match="holds no averaged weights, only model; leave out `state: ema`"):
        check(plain_resnet, tmp_path / "w.pth", None, choice="ema")


def wrapped(model, optimizer):
    state, scheduler = model.state_dict(), torch.optim.lr_scheduler.StepLR(optimizer, 1)
    more = {"optimizer": optimizer.state_dict(), "lr_scheduler": scheduler.state_dict(), "epoch": 9, "args": ARGS}
    lightning = {"epoch": 1, "global_step": 7, "pytorch-lightning_version": "2.5", "loops": {"fit_loop": {}}}
    lightning |= {"callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.5)}}, "optimizer_states": []}
    return {
        "torchvision": {"model": state, **more},
        "DeiT": {"model": state, **more, "scaler": {"scale": torch.tensor(1.0)}},
        "Lightning": {
            **lightning,
            "state_dict": {**prefixed(state, "model."), "criterion.weight": torch.ones(3)},
            "hyper_parameters": AttributeDict(lr=0.1, settings=Settings()),
        },
        "data parallel, compiled": {"state_dict": prefixed(state, "module._orig_mod.")},
        "averaged by PyTorch": {**prefixed(state, "module."), "n_averaged": torch.tensor(5)},
        "backbone and head": {"params": {"fc.weight": state["fc.weight"], "fc.bias": state["fc.bias"]}
                              | prefixed({k: v for k, v in state.items() if k[:3] != "fc."}, "encoder.backbone.")},
        "numbers of NumPy": {
            "net": state, "best_acc": np.float32(0.5), "history": np.arange(3), "rng": np.random.get_state()
        },
        "a mapping of a class": {"net": collections.defaultdict(list, state), "when": collections.Counter("ab")},
        "the model itself": model,
        "the model under a key": {"model": model, "epoch": 3},
        **{key: {key: state} for key in KEYS},
        **{prefix: prefixed(state, prefix) for prefix in PREFIXES},
        "nested": {"checkpoint": {"state": {"model": prefixed(state, "module.backbone.model.")}}},
    }  # fmt: skip


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", NAMES)
def test_wrappers_and_prefixes(plain_resnet, tmp_path, name, legacy):
    model, optimizer, _ = training(plain_resnet)
    found = wrapped(model, optimizer)
    assert found.keys() == set(NAMES)
    if legacy and name.startswith("the model"):
        pytest.skip("PyTorch's old format puts the source text of modules into the file")
    torch.save(found[name], tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    notes = check(plain_resnet, tmp_path / "w.pth", model)
    expected = []
    if name == "Lightning":
        expected = [
            f"objects of other libraries were left out: {__name__}.AttributeDict, {__name__}.Settings",
            "left out, next to the backbone: criterion (1 in number)",
        ]
    if name.startswith("the model"):
        assert notes[0].startswith("objects of other libraries were left out: ")
        return
    assert [note.replace("tests.models.", "") for note in notes] == [
        note.replace("tests.models.", "") for note in expected
    ]


def test_dino_s_teacher_is_taken_and_the_student_on_request(vit, tmp_path):
    student, teacher = published(vit, 3), training(vit)[2].module
    head = {"head.mlp.0.weight": torch.ones(4, 12), "head.last_layer.weight_g": torch.ones(4, 1)}
    saved = {
        "student": prefixed({**prefixed(body(student), "backbone."), **head}, "module."),
        "teacher": {**prefixed(body(teacher), "backbone."), **head},
        "optimizer": {}, "epoch": 3, "args": ARGS, "fp16_scaler": {"scale": 1.0},
        "dino_loss": {"center": torch.ones(1, 4)},
    }  # fmt: skip
    torch.save(saved, tmp_path / "dino.pth")
    for choice, expected in ((None, teacher), ("raw", student)):
        model, notes = import_checkpoint(vit, f"file:{tmp_path / 'dino.pth'}", ["a", "b"], choice=choice)
        found = model.backbone.state_dict()
        assert all(torch.equal(found[name].cpu(), value) for name, value in body(expected).items())
        assert notes[0].startswith(f"the {'raw' if choice else 'averaged'} weights under")
        assert notes[-1] == "the head was dropped; a new one for 2 classes was drawn"


def body(vit):
    return {name: value for name, value in vit.state_dict().items() if not name.startswith("head.")}


def test_mae_s_decoder_is_left_out(vit, tmp_path):
    theirs = published(vit, 3)
    decoder = {
        "mask_token": torch.ones(1, 1, 8),
        "decoder_embed.weight": torch.ones(8, 12),
        "decoder_pred.bias": torch.ones(3),
    }
    decoder |= {"decoder_pos_embed": torch.ones(1, 17, 8), "decoder_blocks.0.norm1.weight": torch.ones(8)}
    torch.save({"model": {**body(theirs), **decoder}, "args": ARGS, "epoch": 1}, tmp_path / "mae.pth")
    model, notes = import_checkpoint(vit, f"file:{tmp_path / 'mae.pth'}", ["a", "b"])
    found = model.backbone.state_dict()
    assert all(torch.equal(found[name].cpu(), value) for name, value in body(theirs).items())
    assert notes[0].startswith("left out, since it serves pre-training alone: ")


def test_batch_norm_from_before_its_counters(plain_resnet, tmp_path):
    theirs = published(plain_resnet, 3)
    state = {name: value for name, value in theirs.state_dict().items() if not name.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "old.pth")
    assert check(plain_resnet, tmp_path / "old.pth", theirs) == []


def test_patches_of_another_size_are_resampled_and_said(vit, classes, tmp_path):
    finer = Architecture(vit.name, 16, 1, {**vit.options, "patch_size": 2})
    torch.save(published(finer, 3).state_dict(), tmp_path / "w.pth")
    model, notes = import_checkpoint(vit, f"file:{tmp_path / 'w.pth'}", classes)
    assert model.backbone.patch_embed.proj.weight.shape == (12, 1, 4, 4)
    assert "patch_embed.proj.weight was resampled from (12, 1, 2, 2) to (12, 1, 4, 4)" in notes


@pytest.mark.parametrize("ending", [".bin", ".pth", ".weights", ""])
def test_safetensors_under_any_ending(plain_resnet, tmp_path, ending):
    theirs = published(plain_resnet, 3)
    safetensors.torch.save_file(theirs.state_dict(), tmp_path / f"w{ending}")
    assert check(plain_resnet, tmp_path / f"w{ending}", theirs) == []
