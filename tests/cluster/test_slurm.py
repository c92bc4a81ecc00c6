"""The experiment through Slurm: the same bytes as without it, although a node dies and a job is cancelled."""

import os
import signal
import subprocess

import pytest
from running import contents, until

pytestmark = pytest.mark.slow


def submit(experiment, profile, log, *arguments):
    """Start the experiment through a profile; what it prints goes to a file."""
    environment = {**experiment.checkout.environment, "SNAKEMAKE_PROFILE": f"profiles/{profile}"}
    command = [*experiment.through_profile, *arguments, "--", experiment.target]
    with log.open("w") as file:
        return subprocess.Popen(
            command, cwd=experiment.checkout.folder, env=environment, stdout=file, stderr=file
        )


def training(experiment, run, log):
    """Process id of the pre-training, once it is in its loop."""
    pid = until(lambda: experiment.training("pretrain") or run.poll() is not None)
    assert run.poll() is None, log.read_text()[-5000:]
    return pid


def test_a_node_dies_and_the_results_are_the_same(slurm, local, remote, tmp_path):
    log = tmp_path / "log"
    run = submit(remote, "slurm", log, "--slurm-init-seconds-before-status-checks", "2")
    told = slurm.variables(training(remote, run, log))
    node = told["SLURMD_NODENAME"]
    assert "CUDA_VISIBLE_DEVICES" in told
    slurm.fail_node(node)
    assert run.wait(timeout=400) == 0, log.read_text()[-5000:]
    assert slurm.state(node).startswith("down")
    slurm.mend_node(node)

    assert contents(remote.results) == contents(local.results)
    jobs = [job for job in slurm.jobs() if job["folder"] == str(remote.checkout.folder)]
    assert {job["node"] for job in jobs if job["state"] == "COMPLETED"} == {"n1", "n2"}
    assert "Nothing to be done" in remote.finish("--dry-run")


def test_a_cancelled_job_comes_again_with_more_memory(slurm, local, remote, tmp_path):
    remote.target = "pretrain"
    log = tmp_path / "log"
    run = submit(remote, "cluster-generic", log)
    first = slurm.variables(training(remote, run, log))["SLURM_JOB_ID"]
    subprocess.run(["scancel", first], check=True)
    assert run.wait(timeout=200) == 0, log.read_text()[-5000:]

    assert contents(remote.results / "pretrain") == contents(local.results / "pretrain")
    memory = {job["id"]: job["memory"] for job in slurm.jobs()}
    again = max(memory, key=int)
    assert int(again) > int(first)
    assert (memory[first], memory[again]) == ("1500M", "3000M")


def test_an_interrupted_snakemake_takes_its_jobs_along(slurm, remote, tmp_path):
    remote.target = "pretrain"
    run = submit(remote, "slurm", tmp_path / "log", "--slurm-init-seconds-before-status-checks", "2")
    until(lambda: remote.job("data"))
    os.kill(run.pid, signal.SIGINT)
    assert run.wait(timeout=60) != 0
    running = ("PENDING", "RUNNING", "CONFIGURING")
    until(lambda: not [job for job in slurm.jobs() if job["state"] in running])
