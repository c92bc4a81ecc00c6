"""Checkpoints that cannot be used: one line that names the file, what it is, and what to do."""

import io
import os
import subprocess
import zipfile

import pytest
import safetensors.torch
import torch
from timm_weights import published

from whypretrain.errors import InputError
from whypretrain.models import Architecture, import_checkpoint


def refused(architecture, path, told, **options):
    with pytest.raises(InputError, match=told) as error:
        import_checkpoint(architecture, f"file:{path}", ["a", "b", "c"], **options)
    message = str(error.value)
    assert "\n" not in message
    assert "\x1b" not in message
    assert path.name in message
    return message


FIRST_BYTES = {
    "pointer.pth": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        r"Git LFS pointer.*git lfs pull",
    ),
    "page.pth": (b"\n<!DOCTYPE html><html></html>", "is a web page.*download link"),
    "keras.h5": (b"\x89HDF\r\n\x1a\n" + bytes(60), r"HDF5 \(Keras\)"),
    "w.pth.gz": (b"\x1f\x8b\x08" + bytes(60), "compressed archive; unpack it"),
    "net.onnx": (b"\x08\x07\x12\x07pytorch", "ONNX, a program"),
    "empty.pth": (b"", "is empty; fetch it again"),
    "noise.pth": (bytes(range(256)), "damaged, or not a file of PyTorch weights.*fetch it again"),
}


@pytest.mark.parametrize("name", FIRST_BYTES)
def test_files_are_told_apart_by_their_first_bytes(vit, tmp_path, name):
    content, told = FIRST_BYTES[name]
    (tmp_path / name).write_bytes(content)
    refused(vit, tmp_path / name, told)


@pytest.mark.parametrize("ending", [".pt", ".safetensors", ".npz"])
def test_torchscript_is_named(vit, tmp_path, ending):
    path = tmp_path / f"scripted{ending}"
    with pytest.warns(FutureWarning, match="deprecated"):
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)), str(path))
    refused(vit, path, r"is TorchScript, a program.*torch\.jit\.load")


def test_another_archive_is_named(vit, tmp_path):
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(vit, tmp_path / "w.zip", r"without PyTorch's data\.pkl \(it holds readme\.txt\)")


def test_a_file_that_is_cut_off(plain_resnet, tmp_path):
    file = io.BytesIO()
    torch.save(published(plain_resnet, 3).state_dict(), file)
    (tmp_path / "w.pth").write_bytes(file.getvalue()[:-2000])
    refused(plain_resnet, tmp_path / "w.pth", "damaged.*fetch it again")


class Calls:
    """Asks to call something when unpickled."""

    def __init__(self, function, *given):
        self.call = function, given

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("function", [os.system, subprocess.check_output, eval, open])
def test_what_could_run_is_refused_by_name(vit, tmp_path, function, legacy):
    mark = tmp_path / "ran"
    given = {os.system: f"touch {mark}", subprocess.check_output: ["touch", str(mark)], open: str(mark)}
    harmful = Calls(function, given.get(function, f"open({str(mark)!r}, 'w')"))
    torch.save(
        {"state_dict": {"w": torch.ones(1)}, "x": harmful},
        tmp_path / "w.pth",
        _use_new_zipfile_serialization=not legacy,
    )
    message = refused(vit, tmp_path / "w.pth", r"asks for \S+, which is never executed.*torch\.save")
    assert function.__name__ in message
    assert not mark.exists()


KEYS = {"generator": {"w": torch.ones(2)}, "discriminator": {"w": torch.ones(2)}}
CONTENTS = {
    "several": (KEYS, "several state dicts, under generator, discriminator"),
    "none": (
        {"epoch": 3, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}}},
        "no state dict.*keys are epoch, optimizer",
    ),
    "a list": ([1, 2], "no state dict.*it is a list"),
    "a number": ({"state_dict": {"step": torch.tensor(3)}}, "no state dict"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_files_without_one_state_dict(vit, tmp_path, name):
    content, told = CONTENTS[name]
    torch.save(content, tmp_path / "w.pth")
    refused(vit, tmp_path / "w.pth", told)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite(plain_resnet, tmp_path, value):
    state = published(plain_resnet, 3).state_dict()
    state["layer1.0.conv1.weight"][0, 0] = value
    torch.save(state, tmp_path / "w.pth")
    refused(plain_resnet, tmp_path / "w.pth", r"layer1\.0\.conv1\.weight has 9 of 2304 values that are NaN or infinite")


def test_quantised_weights(plain_resnet, tmp_path):
    state = {name: value.to(torch.int8) for name, value in published(plain_resnet, 3).state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    refused(plain_resnet, tmp_path / "w.safetensors", "no state dict|is int8; give weights that are not quantised")


def test_names_are_those_of_the_file(plain_resnet, tmp_path):
    state = {f"module.backbone.{name}": value for name, value in published(plain_resnet, 3).state_dict().items()}
    state["module.backbone.layer9.weight"] = torch.ones(1)
    torch.save({"state_dict": state}, tmp_path / "w.pth")
    message = refused(plain_resnet, tmp_path / "w.pth", r"unexpected: module\.backbone\.layer9\.weight")
    assert "backbone.conv1" not in message


def test_adapters_are_refused_by_name(vit, tmp_path):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter/adapter_config.json").write_text('{"peft_type": "LORA"}')
    safetensors.torch.save_file({"x": torch.ones(1)}, tmp_path / "adapter/adapter_model.safetensors")
    refused(vit, tmp_path / "adapter", r"an adapter \(LoRA, PEFT\).*merge_and_unload")
    state = published(vit, 3).state_dict() | {"blocks.0.attn.qkv.lora_A.default.weight": torch.ones(2, 12)}
    torch.save(state, tmp_path / "lora.pth")
    refused(vit, tmp_path / "lora.pth", r"adapter \(LoRA: blocks\.0\.attn\.qkv\.lora_A.*merge_and_unload")


def test_folders_without_one_file(vit, tmp_path):
    refused(vit, tmp_path, "no file of weights in this folder")
    for name in ("a.pth", "b.pth"):
        torch.save({}, tmp_path / name)
    refused(vit, tmp_path, r"several files of weights, a\.pth, b\.pth; give one of them")
    (tmp_path / "model.safetensors.index.json").write_text('{"weight_map": {"w": "../secret.safetensors"}}')
    with pytest.raises(InputError, match="names a part outside its folder"):
        import_checkpoint(vit, f"file:{tmp_path}", ["a", "b", "c"])


@pytest.mark.parametrize("key", ["mean", "std"])
def test_normalisation_of_images_up_to_255(key):
    values = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
    scaled = {"mean": r"\[0\.485, 0\.456, 0\.406\]", "std": r"\[0\.229, 0\.224, 0\.225\]"}
    told = rf"{key} is \[.*\], but images are in \[0, 1\]; divide by 255: {scaled[key]}"
    with pytest.raises(InputError, match=told):
        Architecture.from_dict({"name": "resnet18", "size": 32, "channels": 3, key: values[key]})


@pytest.mark.parametrize(
    ("classes", "told"),
    [(4, "the head was dropped, but a trained model needs one; the data have 3"), (0, "not in the file")],
)
def test_a_trained_model_has_a_head_for_the_classes(plain_resnet, tmp_path, classes, told):
    state = published(plain_resnet, classes or 3).state_dict()
    torch.save({k: v for k, v in state.items() if classes or not k.startswith("fc.")}, tmp_path / "w.pth")
    refused(plain_resnet, tmp_path / "w.pth", told, head_needed=True)
