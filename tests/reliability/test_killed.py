"""What is killed resumes, to the same bytes; nothing half-written is mistaken for a result."""

import os
import signal

import pytest
import torch
from running import contents, until


@pytest.fixture
def unbroken(experiment):
    """The results before the fault; the fault's test must bring them back."""
    before, target = contents(experiment.results), experiment.target
    assert "pretrain/vit/0/model.safetensors" in before
    experiment.target = "pretrain"  # a missing model is not missed while what was made from it exists
    yield before
    experiment.target = target
    assert contents(experiment.results) == before


def broken_off(experiment, how):
    """Start the pre-training, and end its job by a signal in the training loop."""
    with experiment.started() as run:
        os.kill(until(lambda: experiment.training("pretrain")), how)
        assert run.wait(timeout=60) != 0


def test_training_goes_on_after_sigterm_and_after_sigkill(experiment, unbroken):
    experiment.forget("pretrain")
    state = experiment.results / "pretrain/vit/0.running"

    broken_off(experiment, signal.SIGTERM)
    saved = torch.load(state, weights_only=True)["state"]["step"]
    assert 0 < saved < 200
    assert list(contents(experiment.results / "pretrain")) == ["vit/0.running"]

    broken_off(experiment, signal.SIGKILL)
    assert torch.load(state, weights_only=True)["state"]["step"] == saved
    assert list(contents(experiment.results / "pretrain")) == ["vit/0.running"]

    experiment.finish()
    assert not state.exists()


@pytest.mark.long
def test_a_second_run_is_refused_and_a_killed_one_taken_up(experiment, unbroken):
    experiment.forget("pretrain")
    with experiment.started() as run:
        os.kill(until(lambda: experiment.training("pretrain")), signal.SIGSTOP)
        assert "LockException" in experiment.snakemake().stderr
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert "LockException" in experiment.snakemake().stderr
    experiment.finish("--unlock")
    experiment.finish()


@pytest.mark.long
def test_a_run_that_is_asked_to_stop_lets_its_jobs_save_their_state(experiment, unbroken):
    experiment.forget("pretrain")
    with experiment.started() as run:
        until(lambda: experiment.training("pretrain"))
        os.killpg(run.pid, signal.SIGTERM)
        assert run.wait(timeout=60) != 0
        until(lambda: experiment.job("pretrain") is None)
    assert (experiment.results / "pretrain/vit/0.running").exists()
    experiment.finish()
