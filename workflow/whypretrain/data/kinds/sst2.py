"""Kind `sst2`: the sentences of SST-2 in GLUE's layout: train.tsv and dev.tsv, sentence and label."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from whypretrain.config.datasets import DataSet
from whypretrain.config.section import Place
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind, Size
from whypretrain.data.rows import Row, read_rows, split_rows
from whypretrain.errors import InputError

COLUMNS = ("sentence", "label")
CLASSES = ("negative", "positive")


class Options(DataSet):
    """A folder with train.tsv and dev.tsv of GLUE's archive (SST-2); the header line may be missing."""

    root: Annotated[str, Place()] = "data/sst2"
    """the folder; get it from GLUE's archive, SST-2.zip"""


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """The training sentences, and the development set as test sentences, since GLUE's test set has no labels.

    Raises:
        InputError: if a file is missing, or a label is neither 0 nor 1.
    """
    root = Path(options.root)
    if not root.is_dir():
        raise InputError(f"root: {root} does not exist; unpack GLUE's SST-2 there, so that it holds train.tsv, dev.tsv")
    train, test = (_rows(root / name) for name in ("train.tsv", "dev.tsv"))
    return split_rows(train, test, 0.1, classes=CLASSES, seed=seed, what=str(root))


def _rows(path: Path) -> list[Row]:
    found = read_rows(path, *COLUMNS, columns=COLUMNS)
    for row in found:
        if row.label not in ("0", "1"):
            raise InputError(f"{path}: {row.origin}: label {row.label!r} is no class; SST-2 has 0 and 1")
    return [row._replace(label=CLASSES[int(row.label)]) for row in found]


KIND = Kind(
    Options,
    make,
    source="SST-2 (Socher et al. 2013), by GLUE",
    licence="free for research",
    size=lambda options: Size(67_349, 872, 2),
    text=True,
)
