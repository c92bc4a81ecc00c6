"""A model trained elsewhere stands among the methods as a trained one does."""

import json

import pytest
import torch

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.stages import import_method
from whypretrain.training.trainer import evaluate


@pytest.fixture(scope="module")
def elsewhere(root):
    """The weights of a fine-tuned model and of its checkpoints, as a training script saves them."""
    folder = root / "train/bars/vit/finetune/0"
    (root / "runs").mkdir()
    final = models.load(folder)
    torch.save({"state_dict": named(final), "epoch": 5}, root / "runs/best.pth.tar")
    for step, model in models.load_checkpoints(folder / "checkpoints.safetensors", final):
        torch.save({"state_dict": named(model)}, root / f"runs/checkpoint-{step}.pth.tar")
    return root / "runs"


def named(model):
    """Under timm's names."""
    head = {f"head.{name}": value for name, value in model.head.state_dict().items()}
    return {**model.backbone.state_dict(), **head}


def imported(root, out="imported", **config):
    arguments = ["--target", root / "data/bars", "--pretrained", root / "pretrain/vit/0", "--seed", 0]
    arguments += ["--method", "mine", "--out", root / out]
    import_method.main(["--config", json.dumps(config), *map(str, arguments)])
    return root / out


def test_it_is_written_as_a_trained_model_is(root, elsewhere, target):
    trained = root / "train/bars/vit/finetune/0"
    folder = imported(
        root, weights=f"file:{elsewhere}/best.pth.tar", checkpoint_files=f"{elsewhere}/checkpoint-*.pth.tar"
    )
    found, expected = models.load(folder), models.load(trained)
    assert found.architecture == expected.architecture
    assert found.classes == expected.classes
    assert all(torch.equal(value, expected.state_dict()[name]) for name, value in found.state_dict().items())
    theirs = dict(models.load_checkpoints(trained / "checkpoints.safetensors", expected))
    ours = dict(models.load_checkpoints(folder / "checkpoints.safetensors", found))
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[step].head.weight, theirs[step].head.weight) for step in ours)
    metrics, test = files.read_json(folder / "metrics.json"), target.split("test")
    assert metrics["accuracy"] == evaluate(expected, test)["accuracy"]
    assert {key: metrics[key] for key in ("target", "architecture", "method", "seed")} == {
        "target": "bars", "architecture": "vit", "method": "mine", "seed": 0
    }  # fmt: skip
    assert files.read_table(folder / "history.csv").empty
    notes = files.read_json(folder / "model.json")["provenance"]["notes"]
    assert [note.split(":")[0] for note in notes] == [
        "images are normalised as for the pre-trained model",
        f"its {len(found.classes)} classes are matched by their order",
        f"its training is followed over {len(ours)} checkpoints, steps {min(ours)} to {max(ours)}",
    ]
    outside = files.read_json(folder / ".provenance/model.safetensors.json")["outside"]
    assert set(outside) == {str(path) for path in elsewhere.iterdir()}


def test_without_checkpoints_none_are_kept(root, elsewhere):
    folder = imported(root, "alone", weights=f"file:{elsewhere}/best.pth.tar")
    with pytest.raises(InputError, match="holds no checkpoint"):
        next(models.load_checkpoints(folder / "checkpoints.safetensors", models.load(folder)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"checkpoint_files": "{runs}/none-*.pth"}, "none-*.pth names no file"),
        ({"checkpoint_files": "{runs}/best*"}, "has no number in its name, which is the step"),
        (
            {"weights": "file:{runs}/../pretrain/vit/0/model.safetensors"},
            "but a trained model needs one; the data have 4",
        ),
        ({"weights": None}, "train.methods.mine: no weights; give weights: file:PATH"),
    ],
)
def test_what_does_not_fit_is_refused(root, elsewhere, capsys, change, told):
    config = {"weights": f"file:{elsewhere}/best.pth.tar", **change}
    config = {key: value and value.format(runs=elsewhere) for key, value in config.items()}
    with pytest.raises(SystemExit):
        imported(root, "refused", **config)
    assert told in capsys.readouterr().err
    assert not (root / "refused").exists()
