"""ELPV: electroluminescence photographs of solar cells with grades of their defects, in the layout of its package.

Sources: Buerhop-Lutz et al. 2018; Deitsch et al. 2019 and 2021.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from whypretrain.data import listing
from whypretrain.data.listing import Listing
from whypretrain.data.published.entry import Published, Unsplit
from whypretrain.errors import InputError

#: What experts said, and whether they were certain, by thirds of the probability of a defect that the labels state.
_GRADES = ("functional", "probably functional", "probably defective", "defective")
_LINE = re.compile(r"(images/\S+)\s+(0\.0|0\.3333\d*|0\.6666\d*|1\.0)\s+(mono|poly)")


class Options(Unsplit):
    """ELPV; `root: package:elpv-dataset` is the package that holds it."""

    cells: Literal["all", "mono", "poly"] = "all"
    """of mono- or polycrystalline silicon"""


def elpv(root: Path, options: Options) -> Listing:
    """Read labels.csv, whose lines are `images/cellNNNN.png PROBABILITY mono|poly`, and the pictures that it names.

    Raises:
        InputError: for a line of another form, or where there are no cells of the type that is asked for.
    """
    folder = root / "data" if (root / "data").is_dir() else root
    lines = [line for line in (folder / "labels.csv").read_text().splitlines() if line.strip()]
    found = [_LINE.fullmatch(line.strip()) for line in lines]
    if None in found:
        raise InputError(
            f"root: {folder / 'labels.csv'}, line {lines[found.index(None)]!r}: must be images/NAME.png, "
            "0.0, 0.3333, 0.6666 or 1.0, and mono or poly"
        )
    rows = [each for each in found if each and options.cells in ("all", each[3])]
    if not rows:
        raise InputError(f"cells: {folder / 'labels.csv'} has none of type {options.cells}; use all")
    labels = [round(3 * float(each[2])) for each in rows]
    return listing.of_files([folder / each[1] for each in rows], folder, labels, _GRADES)


ELPV = Published(
    read=elpv,
    layout="labels.csv and images/cellNNNN.png, or a folder data/ with them",
    split="a share drawn by the seed as test (0.2)",
    classes=4,
    train=2099,
    test=525,
    metric="mean_class_accuracy",
    options=Options,
    licence="CC BY-NC-SA 4.0",
    page="https://github.com/zae-bayern/elpv-dataset",
    package="elpv-dataset",
)
