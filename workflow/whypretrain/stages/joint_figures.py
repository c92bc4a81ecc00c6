"""Figures of joint fine-tuning, as many as are named: each as OUT/NAME.png, .svg, .pdf and .csv."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from whypretrain.figures.joint import FIGURES
from whypretrain.figures.registry import save
from whypretrain.figures.settings import Settings
from whypretrain.figures.style import RC
from whypretrain.files import read_table
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Draw the named figures; the config is that of figures and statistics."""
    settings = Settings.of(arguments.config)
    names = ("runs", "target_sizes", "tuning", "published_uot")
    given = {name: read_table(getattr(arguments, name)) for name in names}
    for name in arguments.names:
        with mpl.rc_context(RC):
            figure, shown = FIGURES[name](given, settings)
        save(figure, shown, arguments.out / name)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--names", required=True, nargs="+", choices=sorted(FIGURES), help="figures to draw")
    found.add_argument("--runs", required=True, type=Path, help="runs.csv")
    found.add_argument("--target-sizes", required=True, type=Path, help="target_sizes.csv")
    found.add_argument("--tuning", required=True, type=Path, help="tuning.csv")
    found.add_argument("--published-uot", required=True, type=Path, help="the paper's numbers (.csv)")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
