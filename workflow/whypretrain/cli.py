"""The command `whypretrain`: what people do with finished runs. The stages have commands of their own.

    whypretrain compare results/a results/b

exits with 0 if all verdicts and headline numbers are the same, 1 if one changed, 2 on bad input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from whypretrain.errors import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, run the subcommand and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="whypretrain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    comparing = commands.add_parser("compare", help="which verdicts changed, which headline numbers moved")
    comparing.add_argument("a", type=Path, metavar="A", help="results folder of one run, e.g. results/a")
    comparing.add_argument("b", type=Path, metavar="B", help="results folder of the other")
    comparing.set_defaults(command=_compare)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _compare(arguments: argparse.Namespace) -> int:
    from whypretrain.claims.comparison import compare

    found = compare(arguments.a, arguments.b)
    for title, changes in (("Verdicts changed", found.verdicts), ("Numbers moved", found.numbers)):
        print(f"{title}: {len(changes) or 'none'}")
        for change in changes:
            print(f"  {change.what}: {change.before} -> {change.after}")
    return 0 if found.same else 1
