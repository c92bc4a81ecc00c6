"""`whypretrain run [CONFIG]`: run an experiment and watch it. Finished jobs are not repeated.

Options after `--` go to Snakemake as they are, for instance `whypretrain run mine.yaml -- --keep-going`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from whypretrain.config import check, files
from whypretrain.errors import InputError
from whypretrain.runtime.progress import NOTES

DEFAULT = Path("config/default.yaml")
CHECKOUT = Path(__file__).parents[3]  # where the workflow is, whatever folder a command is given in


def add(commands: Any) -> None:
    """Add the subcommands to a parser's."""
    running = commands.add_parser(
        "run",
        help="run an experiment, from its data to its report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    running.add_argument("config", type=Path, nargs="?", default=DEFAULT, metavar="CONFIG", help="default: %(default)s")
    running.add_argument("--only", action="append", default=[], metavar="STAGE", help="stage or file to make")
    running.add_argument("--cores", default="all", help="default: all of them")
    running.add_argument("-n", "--dry-run", action="store_true", help="list the jobs that would run, and stop")
    running.set_defaults(command=run, options=[])
    for name, what in (("plan", "what an experiment costs, before it runs"), ("figures", "draw the figures again")):
        found = commands.add_parser(name, help=what)
        found.add_argument(
            "config", type=Path, nargs="?", default=DEFAULT, metavar="CONFIG", help="default: %(default)s"
        )
        found.add_argument("--cores", default="all", help="default: all of them")
        found.set_defaults(command=run, only=[name], dry_run=False, options=[])


def run(arguments: argparse.Namespace) -> int:
    """Check the config, start Snakemake, and show what it does."""
    require_checkout()
    files.read(arguments.config)
    command = [sys.executable, "-m", "snakemake", "--cores", str(arguments.cores), *arguments.options]
    target = ["--configfile", str(arguments.config), "--", *arguments.only]
    if arguments.dry_run:
        return subprocess.run([*command, "--dry-run", "--quiet", "host", "reason", *target], check=False).returncode
    if arguments.only == ["plan"]:
        return subprocess.run([*command, "--quiet", "all", *target], check=False).returncode
    print(f"Running {arguments.config}; results go below results/, Snakemake's own log to .snakemake/log/.", flush=True)
    with _watched(arguments.config) as watch:
        shown = ["--logger", "whypretrain", *watch]
        return _wait(subprocess.Popen([*command, *shown, *target]))


def require_checkout() -> None:
    """Refuse to start where the workflow is not.

    Raises:
        InputError: if the working folder has no Snakefile.
    """
    if not Path("Snakefile").is_file():
        raise InputError("no Snakefile here: change to the checkout of whypretrain, and give paths from there")


@contextmanager
def _watched(config: Path) -> Iterator[list[str]]:
    """In a terminal: a folder in which jobs note their progress, and the plan for the time left, made meanwhile."""
    if not sys.stderr.isatty():
        yield []
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ[NOTES] = folder
        work = Path(folder) / "plan.json"
        whole = json.dumps(check(files.merged(files.read(DEFAULT), files.read(config))))
        planning = subprocess.Popen(
            [sys.executable, "workflow/tools/plan.py", whole, "--work", str(work)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield ["--logger-whypretrain-plan", str(work)]
        finally:
            planning.kill()
            planning.wait()
            del os.environ[NOTES]


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit status; Ctrl-C reaches Snakemake as well, which ends its jobs first."""
    while True:
        with suppress(KeyboardInterrupt):
            return process.wait()
