"""`whypretrain diff --data`: what it plans, and the whole run on a training of timm's parts."""

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import timm
import torch
import yaml
from cut import cut_pictures
from PIL import Image
from test_checks import DEFAULT, merged
from timm.data import ImageDataset, create_loader
from timm.optim import create_optimizer_v2
from timm.utils import CheckpointSaver

from whypretrain.cli import main
from whypretrain.config import check
from whypretrain.config.roles import roles_of

# timm's reader of pictures leaves their files to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROOT = Path(__file__).parents[2]
MINUTES, CORES = 5, 2


def train(network, data, classes, out=None, *, size, epochs):
    """A short training loop of timm's parts; returns the model."""
    start = timm.create_model(network, num_classes=classes)
    arguments = argparse.Namespace(model=network, img_size=size, lr=0.02)
    optimizer = create_optimizer_v2(start, "sgd", lr=arguments.lr, momentum=0.9)
    loader = create_loader(
        ImageDataset(str(data)), (3, size, size), 20, is_training=True, use_prefetcher=False, num_workers=0
    )
    if out:
        out.mkdir()
        start.load_state_dict(
            {name: value for name, value in torch.load("pretrained.pth").items() if not name.startswith("fc.")},
            strict=False,
        )
        saver = CheckpointSaver(start, optimizer, args=arguments, checkpoint_dir=str(out), max_history=epochs)
    for epoch in range(epochs):
        start.train()
        for images, labels in loader:
            loss = torch.nn.functional.cross_entropy(start(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if out:
            saver.save_checkpoint(epoch, metric=-loss.item())
    return start


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder with pictures; what is made there is made from seed 0."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    return tmp_path


@pytest.fixture
def small(elsewhere):
    """A tiny pre-trained and fine-tuned model, and 24 pictures."""
    cut_pictures(elsewhere / "photos", 24, side=32)
    torch.save(timm.create_model("test_resnet", num_classes=5).state_dict(), "pretrained.pth")
    train("test_resnet", elsewhere / "photos", 2, elsewhere / "run", size=32, epochs=2)
    return elsewhere


GIVEN = ["diff", "pretrained.pth", "run", "--architecture", "test_resnet"]


def test_the_plan_is_a_valid_config_and_says_what_will_be_done(small, capsys):
    assert main([*GIVEN, "--data", "photos", "--dry-run", "--no-pictures"]) == 0
    printed = capsys.readouterr().out
    assert "test_resnet at 32 px: file:pretrained.pth before, file:run/model_best.pth.tar after" in printed
    assert "and 2 checkpoints of its training" in printed
    assert "12 to train a linear probe on, which stands for the pre-trained model; 12 to compare on" in printed
    assert "minutes on" in printed
    written = yaml.safe_load((small / "results/diff_run/diff.yaml").read_text())
    config = check(merged(DEFAULT, written))
    assert config["grid"]["source"] is None
    assert roles_of(config) == {"reference": "probe", "finetune": "finetuned"}
    assert config["interactions"]["score"]["dynamics"] == config["invariances"]["dynamics"] == ["finetuned"]
    assert config["image"]["size"] == 32
    assert config["report"]["pictures"] is False
    assert {path.name for path in (small / "results/diff_run").iterdir()} == {"diff.yaml"}


MISTAKES = {
    "no folder": (["--data", "fotos"], "fotos is not a folder"),
    "other classes": (["--data", "more"], "the data have 3 classes, the file's has 2 outputs"),
    "too few": (["--data", "few"], "2 test images are too few to compare models on; give at least 4"),
    "too small": (["--data", "photos", "--size", "4"], "image.size must be at least 8, not 4"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_before_anything_runs(small, capsys, name):
    for folder, classes in (("more", 3), ("few", 2)):
        for label in range(classes):
            (small / folder / str(label)).mkdir(parents=True)
            for number in range(classes):
                Image.new("RGB", (32, 32)).save(small / folder / str(label) / f"{number}.png")
    given, told = MISTAKES[name]
    assert main([*GIVEN, *given]) == 2
    found = capsys.readouterr().err
    assert told in found
    assert found.count("\n") == 1
    assert not (small / "results").exists()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_training_of_timm_s_parts_ends_in_a_report(elsewhere):
    cut_pictures(elsewhere / "photos", 100)
    torch.save(train("resnet18", elsewhere / "photos", 2, size=64, epochs=2).state_dict(), "pretrained.pth")
    train("resnet18", elsewhere / "photos", 2, elsewhere / "run", size=64, epochs=4)
    command = [sys.executable, "-m", "whypretrain", "diff", "pretrained.pth", "run", "--data", "photos"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [*command, "--cores", str(CORES)], env=environment, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode == 0, run.stderr[-5000:]
    # Of the processors, so that a machine that is busy otherwise gives the same.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 60 * MINUTES * CORES
    results = elsewhere / "results/diff_run"
    assert run.stdout.rstrip().endswith("results/diff_run/report.html")
    page = (results / "report.html").read_text()
    assert "What finetuned, net on photos kept, lost and gained" in page
    for figure in ("disagreement", "weight_change", "agreement", "layers", "dynamics", "paths"):
        assert (results / f"figures/{figure}.csv").is_file(), figure
        assert f'id="figure-{figure}"' in page
    steps = pd.read_csv(results / "invariances/photos/net/0/dynamics.csv")["step"].unique()
    assert set(range(4)) <= set(steps)
    assert set(pd.read_csv(results / "claims.csv")["verdict"]) <= {
        "undecided",
        "not run",
        "outside the paper's setting",
    }
    assert pd.read_csv(results / "diff/photos/net/finetuned/0/images.csv")["divergence"].between(0, 1).all()
