"""The smoke experiment through Slurm: the same bytes as without it, although a node dies and a job is cancelled.

The other tests run while it waits.
"""

import os
import signal
import subprocess
from contextlib import contextmanager

import pytest
from checkout import Checkout
from running import Experiment, contents, heeding_interrupts, until

pytestmark = pytest.mark.slow
OF_THE_RUN = {"report.html", ".provenance/report.html.json"}  # the page shows run times and where it was made
WAITING_OR_RUNNING = ("PENDING", "RUNNING", "CONFIGURING")


@contextmanager
def submitted(experiment, profile, log, *arguments):
    """Start the experiment through a profile; what it prints goes to a file. Nothing of it is left afterwards."""
    environment = {**experiment.checkout.environment, "SNAKEMAKE_PROFILE": f"profiles/{profile}"}
    command = [*experiment.through_profile, *arguments, "--", experiment.target]
    with log.open("w") as file:
        run = subprocess.Popen(
            command,
            cwd=experiment.checkout.folder,
            env=environment,
            stdout=file,
            stderr=file,
            preexec_fn=heeding_interrupts,
        )
    try:
        yield run
    finally:
        run.kill()
        run.wait()


def in_training(experiment, run, seed):
    """Process id of the pre-training with this seed, once it is in its loop."""
    pid = until(lambda: experiment.training("pretrain", "--seed", seed) or run.poll() is not None, seconds=240)
    assert run.poll() is None
    return pid


def of(experiment, slurm):
    """The experiment's own jobs."""
    return [job for job in slurm.jobs() if job["folder"] == str(experiment.checkout.folder)]


@pytest.fixture(scope="module", autouse=True)
def broken(slurm, local, tmp_path_factory):
    """The smoke experiment, on its way after a node died and a job was cancelled: itself, its run, that job."""
    folder = tmp_path_factory.mktemp("smoke")
    experiment = Experiment(Checkout(folder / "checkout"), target="all", config="config/smoke.yaml")
    with submitted(experiment, "slurm", folder / "log") as run:
        told = [slurm.variables(in_training(experiment, run, seed)) for seed in ("0", "1")]
        node, cancelled = told[0]["SLURMD_NODENAME"], told[1]["SLURM_JOB_ID"]
        assert {node, told[1]["SLURMD_NODENAME"]} == {"n1", "n2"}  # of one GPU each
        assert "CUDA_VISIBLE_DEVICES" in told[0]
        slurm.fail_node(node)
        subprocess.run(["scancel", cancelled], check=True)
        until(lambda: slurm.state(node).startswith("down"))
        slurm.mend_node(node)
        yield experiment, run, cancelled


def test_another_scheduler_by_its_commands(slurm, remote, tmp_path):
    """The generic profile: a job is cancelled and comes again with more memory."""
    log = tmp_path / "log"
    with submitted(remote, "cluster-generic", log, "--seconds-between-status-checks", "1") as run:
        first = until(lambda: of(remote, slurm))[0]
        subprocess.run(["scancel", first["id"]], check=True)
        assert run.wait(timeout=300) == 0, log.read_text()[-5000:]
    jobs = {job["id"]: (job["state"], job["memory"]) for job in of(remote, slurm)}
    assert jobs.pop(first["id"]) == ("CANCELLED", "1000M")
    assert [*jobs.values()] == [("COMPLETED", "2000M")]


def test_an_interrupted_snakemake_takes_its_jobs_along(slurm, remote, tmp_path):
    remote.target = "pretrain"  # longer than an interrupt takes to arrive
    with submitted(remote, "slurm", tmp_path / "log") as run:
        until(lambda: of(remote, slurm))
        os.kill(run.pid, signal.SIGINT)
        assert run.wait(timeout=60) != 0
    until(lambda: not [job for job in of(remote, slurm) if job["state"] in WAITING_OR_RUNNING])


def test_the_jobs_of_a_killed_snakemake_run_on_and_the_next_call_makes_the_rest(slurm, remote, tmp_path):
    remote.target = "data"  # two jobs, one at a time
    with submitted(remote, "slurm", tmp_path / "log", "--jobs", "1") as run:
        until(lambda: [job for job in of(remote, slurm) if job["state"] == "RUNNING"])
        run.kill()
    until(lambda: [job["state"] for job in of(remote, slurm)] == ["COMPLETED"])
    kept = contents(remote.results)
    assert kept
    assert "LockException" in remote.snakemake().stderr
    remote.finish("--unlock")
    log = tmp_path / "next"
    with submitted(remote, "slurm", log) as run:
        assert run.wait(timeout=120) == 0, log.read_text()[-5000:]
    assert [job["state"] for job in of(remote, slurm)] == ["COMPLETED", "COMPLETED"]
    assert kept.items() < contents(remote.results).items()
    assert "Nothing to be done" in remote.finish("--dry-run")


def test_a_node_dies_and_a_job_is_cancelled_and_every_byte_is_the_same(slurm, broken, local):
    experiment, run, cancelled = broken
    assert run.wait(timeout=900) == 0, (experiment.checkout.folder.parent / "log").read_text()[-5000:]
    jobs = of(experiment, slurm)
    expected = contents(local().results)
    found = contents(experiment.results)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name] and name not in OF_THE_RUN] == []
    assert {job["node"] for job in jobs if job["state"] == "COMPLETED"} == {"n1", "n2"}
    states = {job["id"]: (job["state"], job["memory"]) for job in jobs}
    assert states[cancelled] == ("CANCELLED", "1500M")
    assert ("COMPLETED", "3000M") in states.values()
    assert "Nothing to be done" in experiment.finish("--dry-run")
    print(*jobs, sep="\n")
