import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from whypretrain import models
from whypretrain.training import Recipe, train
from whypretrain.training.running import RunningState

RECIPE = Recipe(steps=40, batch_size=8, learning_rate=5e-3, weight_decay=0.01, checkpoints=5, source="all")
CPU = torch.device("cpu")

CHILD = """
import sys, time
import torch
torch.set_num_threads(1)
sys.path.insert(0, {tests!r})
from conftest import bars
from test_running import RECIPE, trained
from whypretrain.training import fit
slow = fit._Run.update
def update(run):
    slow(run)
    time.sleep(0.02)
fit._Run.update = update
trained(bars(4, 10, 0), bars(7, 6, 1, prefix="source"), {file!r}, save_every=0.0)
"""


def trained(target, source, checkpoint_file=None, **options):
    options_of_vit = {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2, "drop_path_rate": 0.2}
    vit = models.Architecture(name="vit_tiny_patch16_224", size=8, channels=1, options=options_of_vit)
    model = models.build(vit, target.classes, seed=3)
    result = train(model, target, RECIPE, seed=0, source=source, checkpoint_file=checkpoint_file, **options)
    return model.state_dict(), result


@pytest.fixture(scope="module")
def unbroken(target, source):
    return trained(target, source)


def _equal(first, second):
    weights, result = first
    others, other = second
    return (
        all(torch.equal(tensor, others[name]) for name, tensor in weights.items())
        and result.history.equals(other.history)
        and all(
            torch.equal(tensor, other.checkpoints[step][name])
            for step, state in result.checkpoints.items()
            for name, tensor in state.items()
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_goes_on_to_the_same_bits(target, source, unbroken, tmp_path, how):
    file = tmp_path / "0.running"
    code = CHILD.format(tests=str(Path(__file__).parent), file=str(file))
    child = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 150
    while not file.exists() and time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(child.pid, how)
    assert child.wait(timeout=60) in (-how, 128 + how)
    step = torch.load(file, weights_only=True)["state"]["step"]
    assert 0 < step < RECIPE.steps
    assert _equal(trained(target, source, file), unbroken)
    assert list(tmp_path.glob("*running*")) == []


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"not a state"])
def test_a_damaged_state_is_named_and_the_run_starts_over(target, source, unbroken, tmp_path, capsys, damage):
    file = tmp_path / "0.running"
    with RunningState(file, "id", every=0) as running:
        running.save({"step": 1})
    file.write_bytes(damage(file.read_bytes()))
    assert _equal(trained(target, source, file), unbroken)
    assert "0.running: unreadable" in capsys.readouterr().err


def test_the_state_of_another_run_is_not_taken_up(tmp_path, capsys):
    RunningState(tmp_path / "x", "one run", every=0).save({"step": 1})
    assert RunningState(tmp_path / "x", "another", every=0).load(CPU) is None
    assert "of another run" in capsys.readouterr().err
    assert RunningState(tmp_path / "x", "one run", every=0).load(CPU) == {"step": 1}


def test_nothing_pickled_is_run(tmp_path, capsys):
    class Malicious:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    torch.save({"identity": "id", "state": Malicious()}, tmp_path / "x")
    assert RunningState(tmp_path / "x", "id", every=0).load(CPU) is None
    assert not (tmp_path / "ran").exists()
    assert capsys.readouterr().err.count("unreadable") == 1


def test_saves_are_due_by_the_clock(tmp_path):
    assert RunningState(tmp_path / "x", "id", every=0).due()
    assert not RunningState(tmp_path / "x", "id", every=1000).due()
    assert not RunningState(None, "id", every=0).due()
