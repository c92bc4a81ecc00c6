"""A copy of the checkout in an empty folder, and the workflow's tools run in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Checkout:
    """Files of `origin` as git would list them, or a folder that holds them already (`origin=None`).

    Every tool runs on the copy's own code, whatever is installed.
    """

    def __init__(self, folder: Path, origin: Path | None = ROOT) -> None:
        self.folder = folder
        self.variables: dict[str, str] = {}
        if origin is not None:
            self._copy_from(origin)

    def _copy_from(self, origin: Path) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=origin,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (origin / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin / name, self.folder / name)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(self.folder / "workflow"),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **self.variables,
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy."""
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def done(self, *command: str) -> str:
        """Run a command that must succeed, and return what it printed."""
        result = self.run(*command)
        assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def snakemake(
        self, *arguments: str, config: str = "config/smoke.yaml", cores: int = 2
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the copy."""
        options = ["--cores", str(cores), "--configfile", config]
        return self.run("python", "-m", "snakemake", *options, *arguments)

    def planned(self, *arguments: str, config: str = "config/smoke.yaml") -> set[str]:
        """Rules with outputs that Snakemake would run."""
        run = self.snakemake(*arguments, "--dry-run", "--quiet", "rules", config=config)
        assert run.returncode == 0, run.stderr
        return set(re.findall(r"^(\w+) +\d+$", run.stdout + run.stderr, re.MULTILINE)) - {"all", "total"}

    def graphs(self, *configfiles: str | Path) -> list[list[dict[str, Any]]]:
        """The jobs of each config file, those without outputs left out."""
        result = self.run("python", "workflow/tools/jobs.py", *map(str, configfiles))
        assert result.returncode == 0, result.stderr
        return [[job for job in graph if job["output"]] for graph in json.loads(result.stdout)]

    def git_init(self) -> None:
        """Make the copy a repository with one commit."""
        self.done("git", "init", "--quiet", ".")
        self.commit("first")

    def commit(self, message: str) -> None:
        self.done("git", "add", "--all")
        who = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        self.done("git", *who, "commit", "--quiet", "--message", message)
