"""Check that the targets have as many test images as the analyses take, before anything is trained on them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from whypretrain.config.section import Natural, Section
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.stages._run import parser, run


class Config(Section):
    """What `--config` holds."""

    needs: Mapping[str, Natural]
    """test images that each of these keys of the config asks for"""


def stage(arguments: argparse.Namespace) -> None:
    """Compare the data sets of `--described` with `needs`; write their numbers of test images to `--out`.

    Raises:
        InputError: naming the data set and the key that asks for more than there are.
    """
    found = {path.parent.name: sum(files.read_json(path)["counts"]["test"]) for path in arguments.described}
    for name, number in found.items():
        for key, needed in arguments.config.needs.items():
            if needed > number:
                raise InputError(
                    f"{key} is {needed}, but datasets.{name} has {number} test images; "
                    f"lower {key}, or give {name} more test images"
                )
    files.write_json(arguments.out, found)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--described", required=True, type=Path, nargs="+", help="data.json of each target")
    found.add_argument("--out", required=True, type=Path, help="table of sizes to write, .json")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
