"""The command `whypretrain`: what people do before and after runs. The stages have commands of their own.

    whypretrain datasets                        # the published data sets that are known, as a table
    whypretrain fetch cifar10 data/cifar10      # where the licence allows it
    whypretrain miniature data/miniature        # small copies of all of them, to try a configuration
    whypretrain compare results/a results/b

`compare` exits with 0 if all verdicts and headline numbers are the same, 1 if one changed; all with 2 on bad input.
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
    listing = commands.add_parser(
        "datasets", help="the published data sets: kind, size, split, licence, source"
    )
    listing.set_defaults(command=_datasets)
    fetching = commands.add_parser("fetch", help="fetch and unpack a published data set")
    fetching.add_argument("name", help="its kind, as `whypretrain datasets` lists it")
    fetching.add_argument("folder", type=Path, help="folder to fill, the `root` of the config")
    fetching.set_defaults(command=_fetch)
    writing = commands.add_parser("miniature", help="write miniature copies of the published data sets")
    writing.add_argument("folder", type=Path, help="folder to fill")
    writing.set_defaults(command=_miniature)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _datasets(arguments: argparse.Namespace) -> int:
    from whypretrain.data.catalogue import table

    listed = table()
    rows = [list(listed.columns), *listed.astype(str).to_numpy().tolist()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from whypretrain.data.fetch import fetch

    for path in fetch(arguments.name, arguments.folder):
        print(path)
    return 0


def _miniature(arguments: argparse.Namespace) -> int:
    from whypretrain.data.miniature import write_miniatures

    for name in write_miniatures(arguments.folder):
        print(arguments.folder / name)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from whypretrain.claims.comparison import compare

    found = compare(arguments.a, arguments.b)
    for title, changes in (("Verdicts changed", found.verdicts), ("Numbers moved", found.numbers)):
        print(f"{title}: {len(changes) or 'none'}")
        for change in changes:
            print(f"  {change.what}: {change.before} -> {change.after}")
    return 0 if found.same else 1
