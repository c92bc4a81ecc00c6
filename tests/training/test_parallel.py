"""Two processes that train one model, through the stage's real command line, compared with one process."""

import copy
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from safetensors.torch import load_file
from torch import nn

from whypretrain import data, models
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.memory import Halving
from whypretrain.training import parallel

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECONDS = 240  # a test machine may be busy
SHARED = {"steps": 12, "batch_size": 9, "learning_rate": 0.01, "weight_decay": 0.05, "checkpoints": 3}
AUGMENTED = {"augmentation": {"rotation": 15.0, "crop": 1, "flip": True, "noise": 0.1}}
RECIPES = {
    "plain": SHARED,
    "clipped": {**SHARED, **AUGMENTED, "optimizer": "sgd", "clip_norm": 0.5, "micro_batch": 3},
    "joint": {**SHARED, **AUGMENTED, "source": "uot", "source_ratio": 0.8},
    "label_free": {**SHARED, **AUGMENTED, "source": "uot", "source_loss": "consistency"},
    "reconstruct": {**SHARED, "task": "reconstruction"},
    "tuned": {**SHARED, "tune": {"learning_rate": [1e-5, 0.01]}},
    "rounded": {**SHARED, "precision": "bfloat16"},
}
ONE, TWO = [sys.executable], ["torchrun", "--standalone", "--nproc-per-node", "2"]


def environment():
    paths = [str(ROOT / "workflow"), str(Path(__file__).parent)]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    return {**found, "PATH": os.pathsep.join([str(Path(sys.executable).parent), found["PATH"]])}


# The stage, with memory that runs out in the second process alone, and steps that take their time.
HINDERED = """
import os, sys, time, torch
from pathlib import Path
from whypretrain.models.classifier import Classifier
from whypretrain.stages.train import main
from whypretrain.training.fit import _Run
features, update = Classifier.features, _Run.update
def refuse(model, images):
    if os.environ["RANK"] == "1" and model.training and len(images) > 1:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
    return features(model, images)
def slow(run):
    update(run)
    Path(sys.argv[0]).with_name("step").write_text(str(run.step))
    time.sleep(0.2)
Classifier.features, _Run.update = refuse, slow
main()
"""


def command(root, out, recipes, script=("-m", "whypretrain.stages.train")):
    return [
        *(*script, "--config", json.dumps({"recipes": recipes, "seed": 0})),
        *("--target", root / "bars", "--pretrained", root / "vit/0", "--seed", 0, "--source", root / "glyphs"),
        *("--selection", root / "selected.csv", "--clusters", root / "clusters.npz"),
        *("--cluster-selection", root / "selected.csv"),
        *("--out", *[f"{method}={out / method / '0'}" for method in recipes]),
    ]


def started(launch, *arguments, **options):
    whole = [*launch, *map(str, command(*arguments, **options))]
    return subprocess.Popen(whole, env=environment(), stderr=subprocess.PIPE, text=True)


def trained(*arguments, **options):
    """What the finished processes wrote to standard error."""
    process = started(*arguments, **options)
    told = process.communicate(timeout=SECONDS)[1]
    assert process.returncode == 0, told
    return told


@pytest.fixture(scope="module")
def root(tmp_path_factory, vit, target, source):
    folder = tmp_path_factory.mktemp("parallel")
    data.save(target, folder / "bars")
    data.save(source, folder / "glyphs")
    models.save(models.build(vit, source.classes, seed=1), folder / "vit/0", {})
    rows = [("uot", 1, 3, True), ("uot", 2, 1, True)]
    files.write_table(folder / "selected.csv", pd.DataFrame(rows, columns=["rule", "rank", "class_index", "selected"]))
    np.savez(folder / "clusters.npz", labels=np.where(source.manifest["split"] == "train", source.labels, -1))
    return folder


@pytest.fixture(scope="module")
def both(root):
    """The models of one process, and those of two, with what the two printed."""
    trained(ONE, root, root / "one", RECIPES)
    return root / "one", root / "two", trained(TWO, root, root / "two", RECIPES)


def assert_close(one, two, tolerance):
    """Weights; the bias of attention keys changes nothing: Adam divides its gradient, rounding noise, by itself."""
    expected, found = load_file(one), load_file(two)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        wide = 100 if key.endswith("qkv.bias") else 1
        torch.testing.assert_close(found[key], value, rtol=0, atol=wide * tolerance, msg=key)


@pytest.mark.slow
@pytest.mark.parametrize("method", RECIPES)
def test_two_processes_train_the_model_of_one(both, method):
    one, two = (folder / method / "0" for folder in both[:2])
    for name in ("model.safetensors", "checkpoints.safetensors"):
        assert_close(one / name, two / name, 3e-3 if method == "rounded" else 1e-6)
    histories = [files.read_table(folder / "history.csv") for folder in (one, two)]
    pd.testing.assert_frame_equal(*histories, rtol=1e-2 if method == "rounded" else 1e-4)
    metrics = [files.read_json(folder / "metrics.json") for folder in (one, two)]
    assert metrics[0] == metrics[1]


def test_one_process_writes_and_speaks(both):
    one, two, told = both
    listed = [sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) for folder in (one, two)]
    assert listed[0] == listed[1]
    assert told.count("computed") == 1
    assert "out of memory" not in told


@pytest.mark.long
@pytest.mark.slow
def test_memory_of_one_process_and_a_signal_are_everyones(root, both):
    """Memory runs out in the second process, all halve; SIGTERM ends all after a save; two others go on."""
    script, out, recipes = root / "hindered.py", root / "broken", {"clipped": RECIPES["clipped"]}
    script.write_text(HINDERED)
    process = started(TWO, root, out, recipes, script=[script])
    deadline = time.monotonic() + SECONDS
    while not (root / "step").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=SECONDS)[1]
    assert process.returncode != 0
    assert told.count("now run in 4 parts") == 1, told
    state = torch.load(out / "clipped/0.running", weights_only=True)["state"]
    assert 0 < state["step"] < SHARED["steps"]
    assert state["parts"] == 4
    trained(TWO, root, out, recipes)
    assert_close(*(folder / "clipped/0/model.safetensors" for folder in (both[0], out)), 1e-6)
    assert not (out / "clipped/0.running").exists()


def test_batches_smaller_than_the_processes_are_refused(monkeypatch):
    monkeypatch.setattr(parallel, "size", lambda: 3)
    with pytest.raises(InputError, match="batch_size: 2 images for 3 GPUs"):
        parallel.part(2)
    parts = []
    for rank in range(3):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        parts.append(range(11)[parallel.part(11)])
    assert list(itertools.chain(*parts)) == list(range(11))
    assert [len(part) for part in parts] == [4, 4, 3]


@pytest.fixture
def on_gpus(monkeypatch):
    """Two processes with a GPU each, as far as that can be checked without any."""
    monkeypatch.setattr(parallel, "size", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b0"])  # plain, and with the activation inside
def test_batch_norm_is_shared_on_gpus_and_nothing_else_changes(on_gpus, name):
    network = timm.create_model(name, num_classes=3).train()
    plain, parameters = copy.deepcopy(network), list(network.parameters())
    assert parallel.share_statistics(network)
    norms = [each for each in network.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)]
    assert all(isinstance(each, nn.SyncBatchNorm) for each in norms)
    assert all(a is b for a, b in zip(parameters, network.parameters(), strict=True))  # the optimiser's
    assert network.state_dict().keys() == plain.state_dict().keys()
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(network.eval()(images), plain.eval()(images))


def test_networks_without_batch_norm_halve_together(on_gpus):
    assert not parallel.share_statistics(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)))


def test_where_forwards_wait_for_each_other_nobody_halves():
    def compute(parts):
        raise torch.OutOfMemoryError("full")

    with pytest.raises(InputError, match="give micro_batch"):
        Halving(1, parallel.refuse)(compute, 8)


def test_ranks_of_other_launchers_do_not_count(monkeypatch):
    """A container may bear the rank of something else: a process that took it for its own would not write."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert files.leads()
    with parallel.together():
        assert parallel.size() == 1
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    assert not files.leads()


def test_more_processes_than_gpus_are_refused(monkeypatch):
    for name, value in (("TORCHELASTIC_RUN_ID", "x"), ("RANK", "0"), ("WORLD_SIZE", "4")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(InputError, match="gpus: 4, but this machine shows 2"):
        parallel.together().__enter__()
