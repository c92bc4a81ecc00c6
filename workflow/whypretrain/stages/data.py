"""Stage data: make one data set of the config and write images.npy, manifest.parquet and data.json."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from whypretrain import data
from whypretrain.config.grid import Image
from whypretrain.config.section import Seeded
from whypretrain.data.account import account
from whypretrain.data.kinds import options_of
from whypretrain.stages._run import parser, run


class Config(Seeded):
    """What `--config` holds."""

    spec: Mapping[str, Any]
    """the data set's section"""
    image: Image
    """what it is brought to"""

    def places(self) -> dict[str, str]:
        """Those that the options of the kind name."""
        return options_of(self.spec, "--config.spec").places()


def stage(arguments: argparse.Namespace) -> None:
    """Build the data set `--name` (config: spec, image.size, image.channels, seed) and save it in `--out`."""
    config = arguments.config
    made = data.build(
        arguments.name,
        config.spec,
        size=config.image.size,
        channels=config.image.channels,
        seed=config.seed,
        decode=False,
    )
    about = data.save(made, arguments.out, threads=arguments.threads)
    for line in account(about):
        print(f"{arguments.name}: {line}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--name", required=True, help="the data set's name in the config")
    found.add_argument("--out", required=True, type=Path, help="folder to write, e.g. results/default/data/digits")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
