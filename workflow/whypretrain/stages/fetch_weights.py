"""Fetch: published weights that a checkpoint names, with where they came from (see `whypretrain.models.published`)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from whypretrain.models import published
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Write the weights into the folder."""
    found = published.fetch(arguments.checkpoint)
    published.keep(arguments.checkpoint, found, arguments.out)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--checkpoint", required=True, help="timm:NAME, torchvision:WEIGHTS or hf:ORG/NAME")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
