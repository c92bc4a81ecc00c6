"""`whypretrain run [CONFIG]`: run an experiment and watch it. Finished jobs are not repeated.

CONFIG is a path, or one of the configs that are shipped, e.g. config/smoke.yaml; any folder can be run in.
Options after `--` go to Snakemake as they are, for instance `whypretrain run mine.yaml -- --keep-going`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from whypretrain.cli.extras import require
from whypretrain.config import check, files
from whypretrain.errors import InputError
from whypretrain.provenance.home import DEFAULT, config_file, home
from whypretrain.runtime.progress import NOTES


def add(commands: Any) -> None:
    """Add the subcommands to a parser's."""
    running = commands.add_parser(
        "run",
        help="run an experiment, from its data to its report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    takes_config(running)
    running.add_argument("--only", action="append", default=[], metavar="STAGE", help="stage or file to make")
    running.add_argument("--cores", default="all", help="default: all of them")
    running.add_argument("-n", "--dry-run", action="store_true", help="list the jobs that would run, and stop")
    running.set_defaults(command=run, name="run", options=[])
    for name, what in (("plan", "what an experiment costs, before it runs"), ("figures", "draw the figures again")):
        found = commands.add_parser(name, help=what)
        takes_config(found)
        found.add_argument("--cores", default="all", help="default: all of them")
        found.set_defaults(command=run, name=name, only=[name], dry_run=False, options=[])


def takes_config(command: argparse.ArgumentParser) -> None:
    """Give a command its argument CONFIG."""
    command.add_argument("config", type=Path, nargs="?", default=DEFAULT, metavar="CONFIG", help="default: %(default)s")


def run(arguments: argparse.Namespace) -> int:
    """Check the config, start Snakemake, and show what it does."""
    require(arguments.name, "snakemake")
    config, snakefile = config_file(arguments.config), snakefile_here()
    files.read(config)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--cores", str(arguments.cores)]
    command += arguments.options
    target = ["--configfile", str(config), "--", *arguments.only]
    if arguments.dry_run:
        return subprocess.run([*command, "--dry-run", "--quiet", "host", "reason", *target], check=False).returncode
    if arguments.only == ["plan"]:
        return subprocess.run([*command, "--quiet", "all", *target], check=False).returncode
    print(f"Running {config}; results go below results/, Snakemake's own log to .snakemake/log/.", flush=True)
    with _watched(config, snakefile.parent) as watch:
        shown = ["--logger", "whypretrain", *watch]
        return _wait(subprocess.Popen([*command, *shown, *target], process_group=0))


def snakefile_here() -> Path:
    """The working folder's own Snakefile, if it has one, else that of this package's workflow."""
    own = Path("Snakefile")
    return own if own.is_file() else home() / own


def require_checkout() -> None:
    """Refuse to start where the workflow is not.

    Raises:
        InputError: if the working folder has no Snakefile.
    """
    if not Path("Snakefile").is_file():
        raise InputError("no Snakefile here: change to the checkout of whypretrain, and give paths from there")


@contextmanager
def _watched(config: Path, place: Path) -> Iterator[list[str]]:
    """In a terminal: a folder in which jobs note their progress, and the plan for the time left, made meanwhile.

    Args:
        place: folder of the Snakefile.
    """
    if not sys.stderr.isatty():
        yield []
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ[NOTES] = folder
        work = Path(folder) / "plan.json"
        whole = json.dumps(check(files.merged(files.read(place / DEFAULT), files.read(config))))
        planning = subprocess.Popen(
            [sys.executable, str(place / "workflow/tools/plan.py"), whole, "--work", str(work)],
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
    """The exit status; what ends this process, by key or by signal, reaches Snakemake and its jobs first."""

    def passed_on(number: int, _: Any) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    handled = {number: signal.signal(number, passed_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        return process.wait()
    finally:
        for number, earlier in handled.items():
            signal.signal(number, earlier)
