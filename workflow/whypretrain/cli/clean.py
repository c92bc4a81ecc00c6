"""`whypretrain clean [NAME ...]`: list what takes space here, or what would be removed; --yes removes it.

NAME is a path from that list, e.g. results/smoke or .cache. Nothing else can be removed.
"""

from __future__ import annotations

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    found = commands.add_parser(
        "clean",
        help="list what takes space here, and remove what is named",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument(
        "names", nargs="*", metavar="NAME", help="what to remove; default: list everything, remove nothing"
    )
    found.add_argument(
        "--yes", action="store_true", help="remove it; without this option, only show what would be removed"
    )
    found.set_defaults(command=clean)


def clean(arguments: argparse.Namespace) -> int:
    """List what takes space, or remove what is named."""
    import pandas as pd

    from whypretrain.cli.printed import print_table
    from whypretrain.runtime import space

    found = space.chosen(arguments.names) if arguments.names else space.taken()
    if not found:
        print("Nothing here takes space: no results, weights, caches or records.")
        return 0
    rows = [(_megabytes(each.size), each.files, str(each.path), each.what) for each in found]
    print_table(pd.DataFrame(rows, columns=["MB", "files", "name", "what it is"]))
    total = f"{_megabytes(sum(each.size for each in found))} MB"
    if not arguments.names:
        print(f"{total} in all; `whypretrain clean NAME ...` says what would be removed")
    elif arguments.yes:
        space.remove(found)
        print(f"removed: {total}")
    else:
        print(f"would be removed: {total}; nothing is removed without --yes")
    return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
