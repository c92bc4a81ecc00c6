"""The best weights and the checkpoints of a training, by the names that training scripts give them."""

import pytest

from whypretrain.errors import InputError
from whypretrain.models.run_folders import find_training

FOLDERS = {
    "timm": (
        ["checkpoint-2.pth.tar", "checkpoint-10.pth.tar", "last.pth.tar", "model_best.pth.tar", "args.yaml"],
        ("model_best.pth.tar", "checkpoint-*.pth.tar"),
    ),
    "torchvision": (["model_0.pth", "model_1.pth", "checkpoint.pth"], ("checkpoint.pth", "model_*.pth")),
    "Lightning": (["epoch=0-step=10.ckpt", "epoch=1-step=20.ckpt", "last.ckpt"], ("last.ckpt", "epoch=*-step=*.ckpt")),
    "numbered": (["net-5.pt", "net-50.pt"], ("net-50.pt", "net-*.pt")),
    "one": (["weights.pth"], ("weights.pth", None)),
    "one number": (["resnet18.pth"], ("resnet18.pth", None)),
    "transformers": (["config.json", "model.safetensors", "checkpoint-5/", "checkpoint-9/"], ("", "checkpoint-*")),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_what_training_scripts_leave(tmp_path, name):
    files, (best, pattern) = FOLDERS[name]
    for file in files:
        (tmp_path / file).mkdir() if file.endswith("/") else (tmp_path / file).write_bytes(b"")
    found = find_training(tmp_path)
    assert found.weights == f"file:{tmp_path / best}"
    assert found.checkpoint_files == (pattern and str(tmp_path / pattern))


@pytest.mark.parametrize(
    ("files", "told"), [([], "none"), (["a.pth", "b.pth"], "several files of weights, a.pth, b.pth")]
)
def test_folders_that_do_not_tell(tmp_path, files, told):
    for file in files:
        (tmp_path / file).write_bytes(b"")
    with pytest.raises(InputError, match=f"no trained model found, {told}; give the file, file:"):
        find_training(tmp_path)
