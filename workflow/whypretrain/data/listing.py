"""What a data set on disk holds, before any picture is decoded; every reader of such a set gives one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import numpy as np
from PIL import Image

from whypretrain.config.datasets import OnDisk
from whypretrain.data.class_means import load_list
from whypretrain.data.folders import readable
from whypretrain.data.image_set import SPLITS, ImageSet, assemble
from whypretrain.data.pictures import Opened, Pictures, open_picture
from whypretrain.data.sampling import check_classes
from whypretrain.errors import InputError
from whypretrain.runtime.files import read_table


@dataclass(frozen=True)
class Listing:
    """Pictures that can be opened one by one, with what is known of them.

    Attributes:
        opened: the picture of a number 0..N-1, perhaps still undecoded.
        labels: class of each, (N,).
        classes: names of the classes, in the order of the labels.
        origins: where each comes from, for people.
        test: whether each belongs to the test split, (N,); None where the set has no split of its own.
        concepts: the group that each class belongs to; None: the class itself.
        about: what data.json says about the files.
    """

    opened: Opened
    labels: np.ndarray
    classes: list[str]
    origins: list[str]
    test: np.ndarray | None = None
    concepts: list[str] | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def image_set(
        self, split: Callable[[np.ndarray], np.ndarray], options: OnDisk, *, size: int, channels: int
    ) -> ImageSet:
        """An image set whose pictures are decoded when it is saved.

        Args:
            split: from the labels of pictures to whether each is a test picture; asked where the set has no split.
            options: with `on_broken: skip` all pictures are decoded here, so that those that cannot be are left out
                before anything is drawn.

        Raises:
            InputError: if a class has no picture left in a split.
        """
        pictures = Pictures(self.opened, self.origins, size, channels, options, np.arange(len(self.labels)))
        broken = sorted(pictures.broken()) if options.on_broken == "skip" else []
        sound = np.delete(pictures.numbers, broken)
        if broken:
            check_classes(self.labels[sound], self.classes, "images that can be decoded")
        test = np.zeros(len(self.labels), bool)
        test[sound] = split(self.labels[sound]) if self.test is None else self.test[sound]
        for name, chosen in zip(SPLITS, (~test[sound], test[sound]), strict=True) if broken else ():
            check_classes(self.labels[sound[chosen]], self.classes, f"{name} images that can be decoded")
        groups = self.concepts or self.classes
        made = assemble(
            cast(np.ndarray, pictures),
            self.labels,
            test=test,
            classes=self.classes,
            concepts=groups if options.concepts is None else _named(options.concepts, self.classes),
            origins=self.origins,
        )
        kept = made.take(np.flatnonzero(np.isin(made.manifest["id"].astype(int), sound))) if broken else made
        skipped = {"number": len(broken), "origins": [self.origins[number] for number in broken]}
        return replace(kept, about={**self.about, "skipped": skipped})


def of_files(paths: Sequence[Path], root: Path, labels: Any, classes: Sequence[str], **more: Any) -> Listing:
    """Image files below `root`."""
    origins = [readable(path.relative_to(root).as_posix()) for path in paths]
    return Listing(
        lambda number: open_picture(paths[number]), np.asarray(labels, np.int64), list(classes), origins, **more
    )


def of_members(
    archives: Sequence[ZipFile], members: Sequence[tuple[int, str]], labels: Any, classes: Sequence[str], **more: Any
) -> Listing:
    """Image files inside zip archives, each (number of the archive, name in it)."""

    def opened(number: int) -> Image.Image:
        archive, name = members[number]
        return open_picture(BytesIO(archives[archive].read(name)))

    origins = [f"{Path(archives[archive].filename or '').name}/{name}" for archive, name in members]
    return Listing(opened, np.asarray(labels, np.int64), list(classes), origins, **more)


def of_arrays(
    arrays: Sequence[np.ndarray], origins: Sequence[str], labels: Any, classes: Sequence[str], **more: Any
) -> Listing:
    """Pixels, one array (n, H, W[, 3]), uint8, after the other; memory-mapped ones stay on disk."""
    ends = np.cumsum([len(array) for array in arrays])

    def opened(number: int) -> Image.Image:
        which = int(np.searchsorted(ends, number, side="right"))
        return Image.fromarray(np.asarray(arrays[which][number - ends[which]]))

    named = [f"{name} {row}" for name, array in zip(origins, arrays, strict=True) for row in range(len(array))]
    return Listing(opened, np.asarray(labels, np.int64), list(classes), named, **more)


def _named(given: dict | str, classes: list[str]) -> list[str]:
    """The concept of each class, from a mapping, a CSV file (class_name, concept) or pickled lists."""
    table = {str(name): str(concept) for name, concept in _concepts(given).items()}
    missing = [name for name in classes if name not in table]
    if missing:
        raise InputError(f"concepts: none for class {', '.join(missing[:5])}; name one for every class")
    return [table[name] for name in classes]


def _concepts(given: dict | str) -> dict:
    if isinstance(given, dict):
        return given
    path = Path(given)
    if path.suffix == ".pkl":  # the list that the authors of arXiv 2111.12292 gave out, with that of the classes
        return dict(zip(load_list(path.with_name("class_path.pkl")), load_list(path), strict=False))
    table = read_table(path)
    if not {"class_name", "concept"} <= set(table):
        raise InputError(f"concepts: {path} needs the columns class_name and concept")
    return dict(zip(table["class_name"], table["concept"], strict=True))
