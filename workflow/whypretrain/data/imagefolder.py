"""Kind `imagefolder`: photographs on disk, one folder a class, with or without folders for the splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from whypretrain.data._options import Common, option
from whypretrain.data._pixels import fit
from whypretrain.data.image_set import ImageSet, assemble
from whypretrain.data.sampling import split_off
from whypretrain.errors import InputError
from whypretrain.files import read_table
from whypretrain.progress import progress

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
_TEST_FOLDERS = ("test", "val", "validation")
_LAYOUT = "one folder a class, or train/ and test/ (or val/) with one folder a class in each"


@dataclass(frozen=True, kw_only=True)
class Options(Common):
    """Options of the kind."""

    root: str
    test_fraction: float = option(0.2, least=0.01, most=0.99)
    concepts: dict | str | None = None


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Read every image of the folder, shorter side to `size`, centre cropped; classes in alphabetical order.

    With train/ and test/ (else val/, else validation/) below the root, those are the splits; else a seeded
    stratified share `test_fraction` of the images is the test split.

    Raises:
        InputError: if the root has no such layout, a class is empty, or images are unreadable (each named).
    """
    root = Path(options.root)
    train, test = _split_folders(root)
    classes = _class_names(train)
    paths, labels = _list_images(train, classes)
    if test is None:
        held_out = split_off(
            labels, options.test_fraction, classes=classes, seed=seed, what=f"images of {root}"
        )
    else:
        _check_same_classes(test, classes)
        more, more_labels = _list_images(test, classes)
        held_out = np.arange(len(paths) + len(more)) >= len(paths)
        paths, labels = paths + more, np.concatenate([labels, more_labels])
    return assemble(
        _read_all(paths, size, channels),
        labels,
        test=held_out,
        classes=classes,
        concepts=_concepts(options.concepts, classes),
        origins=[path.relative_to(root).as_posix() for path in paths],
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


def _class_names(folder: Path) -> list[str]:
    classes = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
    if len(classes) < 2:
        raise InputError(f"root: {folder} holds {len(classes)} class folder(s); it must hold {_LAYOUT}")
    return classes


def _check_same_classes(test: Path, classes: list[str]) -> None:
    different = sorted(set(_class_names(test)) ^ set(classes))
    if different:
        raise InputError(
            f"root: class {', '.join(different[:5])} is not in both splits; {test} must match train"
        )


def _list_images(folder: Path, classes: list[str]) -> tuple[list[Path], np.ndarray]:
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


def _read_all(paths: list[Path], size: int, channels: int) -> np.ndarray:
    """All images, uint8, shape (N, channels, size, size)."""
    images = np.empty((len(paths), channels, size, size), dtype=np.uint8)
    unreadable = []
    for row, path in enumerate(progress(paths, "images")):
        try:
            images[row] = _read(path, size, channels)
        except (OSError, SyntaxError, ValueError) as error:  # Pillow raises any of these for a broken file
            unreadable.append(f"{path} ({error})")
    if unreadable:
        raise InputError(
            f"unreadable images, mend or remove them: {'; '.join(unreadable)}".replace("\n", " ")
        )
    return images


def _read(path: Path, size: int, channels: int) -> np.ndarray:
    with Image.open(path) as picture:
        # A JPEG is then decoded at the smallest scale that is large enough, several times faster.
        picture.draft("RGB", (2 * size, 2 * size))
        return fit(ImageOps.exif_transpose(picture), size=size, channels=channels)


def _concepts(given: dict | str | None, classes: list[str]) -> list[str]:
    """The concept of each class, from a mapping or a CSV file (class_name, concept); else its own name."""
    if given is None:
        return classes
    named = given if isinstance(given, dict) else _read_concepts(Path(given))
    table = {str(name): str(concept) for name, concept in named.items()}
    missing = [name for name in classes if name not in table]
    if missing:
        raise InputError(f"concepts: none for class {', '.join(missing[:5])}; name one for every class")
    return [table[name] for name in classes]


def _read_concepts(path: Path) -> dict:
    table = read_table(path)
    if not {"class_name", "concept"} <= set(table):
        raise InputError(f"concepts: {path} needs the columns class_name and concept")
    return dict(zip(table["class_name"], table["concept"], strict=True))
