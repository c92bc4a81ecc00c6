"""One real run of config/smoke.yaml, in a copy of the checkout, shared by all end-to-end tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Checkout:
    """A copy of the checkout's files in an empty folder, and Snakemake run in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def snakemake(
        self, *arguments: str, config: str = "config/smoke.yaml"
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake on the copy's own code, whatever is installed."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "workflow")}
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", config, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def smoke(checkout):
    """The copy after a complete smoke run."""
    run = checkout.snakemake()
    assert run.returncode == 0, run.stderr[-8000:]
    checkout.log = run.stderr + run.stdout
    return checkout
