"""A disk that is full or read-only: the job fails, nothing half-written is left, and it goes on once there is room."""

import os
import resource
import subprocess

import pytest
from running import contents


def mount(folder, options):
    """A file system in memory; skips where this may not be done."""
    folder.mkdir(exist_ok=True)
    if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]).returncode:
        pytest.skip("mounting a small file system needs root")


@pytest.fixture
def small_disk(tmp_path):
    mount(tmp_path / "disk", "size=32k")
    yield tmp_path / "disk"
    subprocess.run(["umount", tmp_path / "disk"], check=True)


def data_stage(experiment, out, **limits):
    """The data stage, as the workflow calls it."""
    command = ["python", "-m", "whypretrain.stages.data", "--name", "digits", "--out", str(out), "--config"]
    config = '{"spec": {"kind": "digits"}, "image": {"size": 16, "channels": 1}, "seed": 0}'
    return subprocess.run(
        [*command, config], env=experiment.checkout.environment, capture_output=True, text=True, check=False, **limits
    )


def test_full_disk(experiment, small_disk, tmp_path):
    run = data_stage(experiment, small_disk / "digits")
    assert run.returncode != 0
    assert "error: cannot write" in run.stderr
    assert contents(small_disk) == {}
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert data_stage(experiment, small_disk / "digits").returncode == 0
    assert data_stage(experiment, tmp_path / "digits").returncode == 0
    assert contents(small_disk / "digits") == contents(tmp_path / "digits")


def test_a_file_that_may_not_grow_is_not_left_half_written(experiment, tmp_path):
    limit = 64 * 1024
    run = data_stage(experiment, tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert run.returncode != 0
    assert "error: cannot write" in run.stderr
    assert contents(tmp_path) == {}


def test_full_disk_while_a_checkpoint_is_saved(experiment, small_disk):
    code = "import sys; from whypretrain.models import load, save; save(load(sys.argv[1]), sys.argv[2], {})"
    run = experiment.checkout.run(
        "python", "-c", code, str(experiment.results / "pretrain/vit/0"), str(small_disk / "model")
    )
    assert run.returncode != 0
    assert "No space left on device" in run.stderr
    assert contents(small_disk) == {}


def test_full_disk_while_a_table_is_written(experiment, small_disk):
    code = (
        "import sys, pandas; from whypretrain.runtime.files import write_table; "
        "write_table(sys.argv[1], pandas.DataFrame({'a': range(20_000)}))"
    )
    run = experiment.checkout.run("python", "-c", code, str(small_disk / "runs.csv"))
    assert run.returncode != 0
    assert "No space left on device" in run.stderr
    assert contents(small_disk) == {}


def test_read_only_results(experiment, tmp_path):
    mount(tmp_path / "results", "ro")
    try:
        run = data_stage(experiment, tmp_path / "results/digits")
    finally:
        subprocess.run(["umount", tmp_path / "results"], check=True)
    assert run.returncode != 0
    assert "Read-only file system" in run.stderr
