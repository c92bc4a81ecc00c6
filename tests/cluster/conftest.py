"""A real Slurm with two nodes on this machine, started for these tests and ended after them."""

import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from checkout import Checkout
from running import Experiment, until

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")


class Slurm:
    """What an operator sees of the cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def jobs(self) -> list[dict[str, str]]:
        """Every job since the start: id, node, state, memory, folder in which it ran."""
        printed = subprocess.run(
            ["squeue", "--noheader", "--states=all", "--format=%i|%N|%T|%m|%Z"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        keys = ("id", "node", "state", "memory", "folder")
        return [dict(zip(keys, line.split("|"), strict=True)) for line in printed.splitlines()]

    def variables(self, pid: int) -> dict[str, str]:
        """What Slurm told a process: its job's id, its node, its GPUs."""
        texts = Path(f"/proc/{pid}/environ").read_text().split("\0")
        return dict(text.split("=", 1) for text in texts if "=" in text)

    def fail_node(self, name: str) -> None:
        """Let a node die with all that runs on it: its daemon, then its jobs' keepers, then the jobs."""
        running = [job["id"] for job in self.jobs() if (job["node"], job["state"]) == (name, "RUNNING")]
        os.kill(int((self.folder / f"slurmd-{name}.pid").read_text()), signal.SIGKILL)
        keepers = tuple(f"slurmstepd: [{job}." for job in running)
        of_jobs = {f"SLURM_JOB_ID={job}" for job in running}
        for is_part in (
            lambda entry: (entry / "cmdline").read_text().startswith(keepers),
            lambda entry: of_jobs & set((entry / "environ").read_text().split("\0")),
        ):
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError, UnicodeDecodeError):
                    if is_part(entry):
                        os.kill(int(entry.name), signal.SIGKILL)

    def mend_node(self, name: str) -> None:
        """Start the node's daemon again, and wait until the node takes jobs."""
        subprocess.run(["slurmd", "-N", name], check=True)
        until(lambda: self.state(name) in ("idle", "mixed", "allocated"))

    def state(self, name: str) -> str:
        command = ["sinfo", "--noheader", f"--nodes={name}", "--format=%T"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    if os.environ.get("WHYPRETRAIN_CLUSTER") != "1":
        return "starts system services: run `make test-cluster`"
    if os.getuid() != 0:
        return "Slurm's daemons need root"
    if Path("/etc/slurm/slurm.conf").exists():
        return "there is a Slurm on this machine already: /etc/slurm/slurm.conf"
    if not shutil.which("slurmctld") and not shutil.which("apt-get"):
        return f"needs {', '.join(PACKAGES)}, and there is no apt-get to install them"
    return ""


def installed() -> bool:
    """Install Slurm; whether that went well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *PACKAGES]
    commands = (["apt-get", "update", "--quiet=2"], install)
    return not any(subprocess.run(command, env=environment, check=False).returncode for command in commands)


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    if not shutil.which("slurmctld") and not installed():
        pytest.skip(f"apt-get could not install {', '.join(PACKAGES)}")
    folder = Path(tmp_path_factory.mktemp("slurm"))
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055)  # munged, another user, must reach its socket
    script = str(Path(__file__).with_name("slurm.sh"))
    up = subprocess.run([script, "up", str(folder)], stderr=subprocess.PIPE, text=True, check=False)
    try:
        if up.returncode:
            pytest.skip(f"Slurm does not start here: {up.stderr[-500:]}")
        yield Slurm(folder)
    finally:
        subprocess.run([script, "down", str(folder)], check=True)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Makes the smoke experiment without a cluster, while the cluster waits; returns it once it is done."""
    found = Experiment(Checkout(tmp_path_factory.mktemp("local")), target="all", config="config/smoke.yaml")
    found.command = ["nice", "-n", "19", *found.command]
    with ThreadPoolExecutor() as pool:
        log = pool.submit(found.finish)
        yield lambda: log.result() and found


@pytest.fixture
def remote(tmp_path):
    """A tiny data set in a checkout where nothing has run."""
    return Experiment(Checkout(tmp_path / "checkout"), target="results/tiny/data/digits/data.json")
