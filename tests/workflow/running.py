"""A tiny experiment that tests may start, break and take up again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from checkout import Checkout

CONFIG = "tests/workflow/tiny.yaml"


def contents(folder: Path) -> dict[str, bytes]:
    """Every result below a folder; logs and benchmarks are about the run and not about the result."""
    files = (file for file in folder.rglob("*") if file.is_file())
    named = {str(file.relative_to(folder)): file for file in files}
    return {name: file.read_bytes() for name, file in named.items() if not name.startswith(("logs/", "benchmarks/"))}


def heeding_interrupts() -> None:
    """Undo what shells do to commands in the background, such as these tests may be: they ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(condition: Callable[[], object], seconds: float = 120) -> object:
    """Wait for a condition and return its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise TimeoutError(condition)


class Experiment:
    """A config file's experiment, named as the file, up to one target, in one checkout."""

    def __init__(self, checkout: Checkout, target: str = "pretrain", config: str = CONFIG) -> None:
        self.checkout, self.target = checkout, target
        self.results = checkout.folder / "results" / Path(config).stem
        self.through_profile = ["python", "-m", "snakemake", "--configfile", config]
        self.command = [*self.through_profile, "--cores", "2"]

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.checkout.run(*self.command, *arguments, "--", self.target)

    def finish(self, *arguments: str) -> str:
        """Run to the end, and return the log."""
        return self.checkout.done(*self.command, *arguments, "--", self.target)

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run in the background; nothing of it is left afterwards."""
        run = subprocess.Popen(
            [*self.command, *arguments, "--", self.target],
            cwd=self.checkout.folder,
            env=self.checkout.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield run
        finally:
            with suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()

    def forget(self, *folders: str) -> None:
        for folder in folders:
            shutil.rmtree(self.results / folder, ignore_errors=True)

    def job(self, stage: str, *arguments: str) -> int | None:
        """Process id of a running job of this checkout, one with these words in a row on its command line."""
        sought = "\0".join(["", *arguments, ""]).encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                here = os.readlink(entry / "cwd") == str(self.checkout.folder)
            except OSError:
                continue
            if here and f"\0-m\0whypretrain.stages.{stage}\0".encode() in command and sought in command:
                return int(entry.name)
        return None

    def training(self, stage: str, *arguments: str) -> int | None:
        """Process id of a job that is in its training loop: there, and only there, it handles SIGTERM."""
        pid = self.job(stage, *arguments)
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return None
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)
        return pid if caught >> (signal.SIGTERM - 1) & 1 else None
