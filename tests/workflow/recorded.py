"""A repository whose results are recorded in DVC and pushed to a remote, and its clones."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import yaml
from checkout import Checkout

from whypretrain.provenance import write_cards


class Recorded:
    """One experiment of a checkout as git and DVC have it.

    Raises AssertionError where a command fails, but for `versioning`, whose refusals are tested.
    """

    def __init__(self, checkout: Checkout, config: str) -> None:
        self.checkout, self.config = checkout, config
        self.name: str = yaml.safe_load((checkout.folder / config).read_text())["experiment"]
        self.pipeline = f"experiments/{self.name}/dvc.yaml"
        self.results = checkout.folder / "results" / self.name

    def versioning(self, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run `record` or `restore`."""
        command = ["python", "workflow/tools/versioning.py", action, "--config", self.config]
        return self.checkout.run(*command, *options)

    def pretend(self) -> None:
        """Put a file that holds its own name at every output, and let Snakemake believe that it made them."""
        for job in self.checkout.graphs(self.config)[0]:
            for path in (self.checkout.folder / output for output in job["output"]):
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(str(path.relative_to(self.checkout.folder)))
                    write_cards([path], {})
        self.snakemake("--touch", "--forceall", "--quiet", "all")

    def record(self) -> str:
        run = self.versioning("record")
        assert re.fullmatch(r"recorded \d+ outputs in 10 stages\n", run.stdout), run.stderr
        return run.stdout

    def push(self, message: str) -> None:
        """Push the recorded results, and commit what names them."""
        self.checkout.done("dvc", "push", "--quiet")
        self.checkout.commit(message)

    def publish(self, remote: Path) -> None:
        """Record the results of a checkout that is no repository yet, with a folder as the remote."""
        if not (self.checkout.folder / ".git").exists():
            self.checkout.git_init()
        self.record()
        self.checkout.done("dvc", "remote", "add", "-d", "store", str(remote))
        self.push("results")

    def cloned(self, folder: Path) -> Recorded:
        """A clone by git with the results restored; it saw nothing else of this repository but the remote."""
        self.checkout.done("git", "clone", "--quiet", ".", str(folder))
        clone = Recorded(Checkout(folder, origin=None), self.config)
        restored = clone.versioning("restore")
        assert "to be made: none" in restored.stdout, restored.stderr
        return clone

    def snakemake(self, *arguments: str) -> str:
        run = self.checkout.snakemake(*arguments, config=self.config)
        assert run.returncode == 0, run.stderr
        return run.stdout + run.stderr

    def stages_to_run(self) -> set[str]:
        """Stages whose outputs Snakemake would make."""
        stage_of = {job["rule"]: Path(job["file"]).stem for job in self.checkout.graphs(self.config)[0]}
        return {stage_of[rule] for rule in self.checkout.planned(config=self.config)}

    def dvc_changes(self) -> set[str]:
        """Names of the stages that DVC finds changed, once it was told what the workflow is now."""
        self.versioning("graph")
        changes = json.loads(self.checkout.run("dvc", "status", "--json", self.pipeline).stdout)
        return {address.rpartition(":")[2] for address in changes} - {"graph"}

    def dvc_runs(self, *command: str) -> set[str]:
        """Names of the stages that a command of DVC runs."""
        printed = self.checkout.done("dvc", *command, self.pipeline)
        return set(re.findall(r"Running stage '(?:[^':]+:)?(\w+)'", printed))

    def assert_nothing_to_do(self) -> None:
        """Both tools find everything current, and git finds nothing to commit."""
        assert "Nothing to be done" in self.snakemake("--dry-run")
        assert "up to date" in self.checkout.done("dvc", "status", self.pipeline)
        assert self.checkout.done("git", "status", "--porcelain") == ""
