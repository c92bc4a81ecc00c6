"""Stage interactions: from stored scores to tables of what was preserved, discarded and learned."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from whypretrain.config.grid import Roles
from whypretrain.config.interactions import Analysis
from whypretrain.config.parts import Role
from whypretrain.interactions import analysis, load_scores
from whypretrain.runtime.files import write_table
from whypretrain.stages._run import parser, run


class Config(Analysis):
    """What `--config` holds."""

    moved: ClassVar[Mapping[str, str]] = {}
    roles: Roles = Roles()
    """the methods that tables are about"""


def stage(arguments: argparse.Namespace) -> None:
    """Read the archives `--scores` and those of each `--variant`; write to the folder `--out` each table whose roles,
    key `roles` of `--config`, and coalitions are there.
    """
    options = arguments.config.plain()
    roles = {Role(role): model for role, model in options["roles"].items() if model}
    archives = [load_scores(path) for path in arguments.scores]
    variants = {name: [load_scores(path) for path in paths] for name, *paths in arguments.variant}
    for name, table in analysis.tables_of(analysis.Analysis(archives, roles, options, variants)).items():
        write_table(arguments.out / f"{name}.csv", table)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--scores", required=True, type=Path, nargs="+", help="archives that the stage score wrote")
    found.add_argument(
        "--variant",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "SCORES"),
        help="archives of the same scored with other settings; may be repeated",
    )
    found.add_argument("--out", required=True, type=Path, help="folder to write, e.g. results/default/interactions")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
