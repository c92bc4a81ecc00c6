"""Kind `imagefolder`: photographs on disk, one folder a class, with or without folders for the splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whypretrain.data import listing
from whypretrain.data._options import Common, OnDisk, option
from whypretrain.data.image_set import ImageSet
from whypretrain.data.sampling import split_off
from whypretrain.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
_TEST_FOLDERS = ("test", "val", "validation")
_LAYOUT = "one folder a class, or train/ and test/ (or val/) with one folder a class in each"


@dataclass(frozen=True, kw_only=True)
class Options(OnDisk, Common):
    """Options of the kind."""

    root: str
    test_fraction: float = option(0.2, least=0.01, most=0.99)


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """The images of the folder, shorter side to `size`, centre cropped; classes in alphabetical order.

    With train/ and test/ (else val/, else validation/) below the root, those are the splits; else a seeded
    stratified share `test_fraction` of the images is the test split.

    Raises:
        InputError: if the root has no such layout, a class is empty, or lacks from one split.
    """
    root = Path(options.root)
    train, test = _split_folders(root)
    classes = class_names(train)
    paths, labels = list_images(train, classes)
    if test is None:
        held_out = split_off(
            labels, options.test_fraction, classes=classes, seed=seed, what=f"images of {root}"
        )
    else:
        _check_same_classes(test, classes)
        more, more_labels = list_images(test, classes)
        held_out = np.arange(len(paths) + len(more)) >= len(paths)
        paths, labels = paths + more, np.concatenate([labels, more_labels])
    found = listing.of_files(paths, root, labels, classes)
    return found.image_set(
        held_out,
        size=size,
        channels=channels,
        concepts=options.concepts,
        skip_broken=options.on_broken == "skip",
    )


def _split_folders(root: Path) -> tuple[Path, Path | None]:
    """The folders of the training and, where the layout has one, of the test classes."""
    if not root.is_dir():
        raise InputError(f"root: {root} is not a folder; set it to a folder that holds {_LAYOUT}")
    train = root / "train"
    if not train.is_dir():
        return root, None
    tests = [root / name for name in _TEST_FOLDERS if (root / name).is_dir()]
    if not tests:
        raise InputError(
            f"root: {root} has train/ but none of {', '.join(_TEST_FOLDERS)}; it must hold {_LAYOUT}"
        )
    return train, tests[0]


def class_names(folder: Path) -> list[str]:
    """The folders of a folder, in alphabetical order: two at least."""
    classes = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if len(classes) < 2:
        raise InputError(f"root: {folder} holds {len(classes)} class folder(s); it must hold {_LAYOUT}")
    return classes


def _check_same_classes(test: Path, classes: list[str]) -> None:
    different = sorted(set(class_names(test)) ^ set(classes))
    if different:
        raise InputError(
            f"root: class {', '.join(different[:5])} is not in both splits; {test} must match train"
        )


def list_images(folder: Path, classes: list[str]) -> tuple[list[Path], np.ndarray]:
    """The image files of every class in alphabetical order, and their labels."""
    found = [
        sorted(path for path in (folder / name).rglob("*") if path.suffix.lower() in SUFFIXES)
        for name in classes
    ]
    empty = [str(folder / name) for name, paths in zip(classes, found, strict=True) if not paths]
    if empty:
        raise InputError(
            f"root: no image in {', '.join(empty[:5])}; add images ({', '.join(SUFFIXES)}) or remove it"
        )
    labels = np.repeat(np.arange(len(classes)), [len(paths) for paths in found])
    return [path for paths in found for path in paths], labels
