"""`whypretrain record` and `whypretrain restore`: results and git, by DVC (docs/versioning.md)."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

from whypretrain.cli.extras import require
from whypretrain.cli.run import require_checkout, takes_config


def add(commands: Any) -> None:
    """Add the subcommands to a parser's."""
    for name, what in (
        ("record", "keep results with the commit that made them"),
        ("restore", "bring recorded results back after a clone or a checkout"),
    ):
        found = commands.add_parser(name, help=what)
        takes_config(found)
        found.set_defaults(command=_bridge, bridge=name)


def _bridge(arguments: argparse.Namespace) -> int:
    require_checkout()
    require(arguments.bridge, "snakemake", "dvc")
    command = ["workflow/tools/versioning.py", arguments.bridge, "--config", str(arguments.config)]
    return subprocess.run([sys.executable, *command], check=False).returncode
