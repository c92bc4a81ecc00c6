"""The experiment through Slurm: the same bytes as without it, although a node dies and a job is cancelled."""

import os
import subprocess

import pytest
from running import contents, until

pytestmark = pytest.mark.slow


def submit(experiment, profile, log, *arguments):
    """Start the experiment through a profile; what it prints goes to a file."""
    environment = {**experiment.checkout.environment, "SNAKEMAKE_PROFILE": f"profiles/{profile}"}
    command = [*experiment.command, *arguments, "--", experiment.target]
    command = [word for word in command if word not in ("--cores", "2")]
    with log.open("w") as file:
        return subprocess.Popen(
            command, cwd=experiment.checkout.folder, env=environment, stdout=file, stderr=file
        )


def test_a_node_dies_and_the_results_are_the_same(slurm, local, remote, tmp_path):
    log = tmp_path / "log"
    run = submit(remote, "slurm", log, "--slurm-init-seconds-before-status-checks", "2")
    pid = until(lambda: remote.training("pretrain"))
    job = next(job for job in slurm.jobs() if job["id"] == slurm.job_of(pid))
    assert job["gpu"].endswith("gpu:1")
    slurm.fail_node(job["node"])
    assert run.wait(timeout=400) == 0, log.read_text()[-5000:]
    assert slurm.state(job["node"]).startswith("down")
    slurm.mend_node(job["node"])

    assert contents(remote.results) == contents(local.results)
    jobs = [job for job in slurm.jobs() if job["folder"] == str(remote.checkout.folder)]
    assert {job["node"] for job in jobs if job["state"] == "COMPLETED"} == {"n1", "n2"}
    assert "Nothing to be done" in remote.finish("--dry-run")


def test_a_cancelled_job_comes_again_with_more_memory(slurm, local, remote, tmp_path):
    remote.target = local_target = "pretrain"
    log = tmp_path / "log"
    run = submit(remote, "cluster-generic", log)
    first = slurm.job_of(until(lambda: remote.training("pretrain")))
    subprocess.run(["scancel", first], check=True)
    assert run.wait(timeout=200) == 0, log.read_text()[-5000:]

    assert contents(remote.results / local_target) == contents(local.results / local_target)
    memory = {job["id"]: job["memory"] for job in slurm.jobs()}
    again = max(memory, key=int)
    assert int(again) > int(first)
    assert (memory[first], memory[again]) == ("1500M", "3000M")


def test_an_interrupted_snakemake_takes_its_jobs_along(slurm, remote, tmp_path):
    remote.target = "pretrain"
    run = submit(remote, "slurm", tmp_path / "log", "--slurm-init-seconds-before-status-checks", "2")
    until(lambda: remote.job("data"))
    os.kill(run.pid, 2)
    assert run.wait(timeout=60) != 0
    running = ("PENDING", "RUNNING", "CONFIGURING")
    until(lambda: not [job for job in slurm.jobs() if job["state"] in running])
