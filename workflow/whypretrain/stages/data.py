"""Stage data: make one data set of the config and write images.npy, manifest.parquet and data.json."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from whypretrain import data
from whypretrain.errors import InputError
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Build the data set `--name` (config: spec, image.size, image.channels, seed) and save it in `--out`."""
    config = arguments.config
    missing = [key for key in ("spec", "image", "seed") if key not in config]
    if missing:
        raise InputError(f"--config: no {', '.join(missing)}; it needs spec, image and seed")
    image = config["image"]
    if not {"size", "channels"} <= set(image):
        raise InputError(f"--config: image needs size and channels, not {', '.join(image)}")
    made = data.build(
        arguments.name,
        config["spec"],
        size=image["size"],
        channels=image["channels"],
        seed=config["seed"],
        decode=False,
    )
    data.save(made, arguments.out, threads=arguments.threads)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--name", required=True, help="the data set's name in the config")
    found.add_argument(
        "--out", required=True, type=Path, help="folder to write, e.g. results/default/data/digits"
    )
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
