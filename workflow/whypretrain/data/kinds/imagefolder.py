"""Kind `imagefolder`: photographs on disk, one folder a class, with or without folders for the splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from whypretrain.config.datasets import HeldOut, OnDisk
from whypretrain.config.section import Place
from whypretrain.data import listing
from whypretrain.data.account import listed
from whypretrain.data.folders import LAYOUT, TESTS, Walk, readable, split_of
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind
from whypretrain.data.listing import Listing
from whypretrain.data.sampling import split_off
from whypretrain.errors import InputError


class Options(OnDisk):
    """root/{train,test}/CLASS/image, root/CLASS/{train,test}/image or root/CLASS/image."""

    root: Annotated[str, Place()]
    """folder that holds one folder a class, or one a split"""
    test_fraction: HeldOut = 0.2
    """fraction held out where the folder has no test split"""


@dataclass(frozen=True)
class Layout:
    """The folders of a data set.

    Attributes:
        classes: names of the classes.
        train, test: the folder of each class; no `test` where the set has no split of its own.
        splits: names of the folders that are the splits, and of those that are not used.
    """

    classes: list[str]
    train: list[Path]
    test: list[Path]
    splits: dict[str, Any]


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """The images of the folder, shorter side to `size`, centre cropped; classes in alphabetical order.

    Folders named train and test (else val, ...), below the root or in every class, are the splits; else a seeded
    stratified share `test_fraction` of the images is the test split.

    Raises:
        InputError: if the root has no such layout, a class is empty, or lacks from one split.
    """
    root = Path(options.root)
    if not root.is_dir():
        raise InputError(f"root: {root} is not a folder; {LAYOUT}")
    whole = read(root)
    if whole.test is None:
        whole = replace(whole, about={**whole.about, "splits": {"drawn": options.test_fraction}})

    def drawn(labels: np.ndarray) -> np.ndarray:
        return split_off(labels, options.test_fraction, classes=whole.classes, seed=seed, what=f"images of {root}")

    return whole.image_set(drawn, options, size=size, channels=channels)


def read(root: Path) -> Listing:
    """What a folder of images holds; it has a split if its folders are named so."""
    walk = Walk()
    found = layout(root, walk)
    paths, labels = list_images(found.train, root, walk)
    test = None
    if found.test:
        more, more_labels = list_images(found.test, root, walk)
        test = np.arange(len(paths) + len(more)) >= len(paths)
        paths, labels = paths + more, np.concatenate([labels, more_labels])
    about = {"files": walk.counts(len(paths)), "splits": found.splits}
    return listing.of_files(paths, root, labels, found.classes, test=test, about=about)


def layout(root: Path, walk: Walk) -> Layout:
    """Which folders are the classes, and which the splits.

    Raises:
        InputError: if the folders do not say.
    """
    folders = walk.folders(root)
    if any(split_of(folder.name) == "train" for folder in folders):
        return _splits_of_classes(root, folders, walk)
    classes = class_folders(root, folders)
    inner = [{split: path for path, split in _splits(folder)} for folder in classes]
    if any(inner):
        return _classes_of_splits(classes, inner, walk)
    return Layout([readable(folder.name) for folder in classes], classes, [], {})


def class_folders(parent: Path, folders: list[Path]) -> list[Path]:
    """The folders of `parent`, if they are at least two and none is named like a split."""
    if named := [folder.name for folder in folders if split_of(folder.name)]:
        raise InputError(f"root: {parent} has {', '.join(named)}, named like a split; {LAYOUT}")
    if len(folders) < 2:
        below = [folder.name for folder in folders if len(Walk().folders(folder)) > 1]
        hint = f"; if {parent / below[0]} holds the classes, set root to it" if below else ""
        raise InputError(f"root: {parent} holds {len(folders)} class folder(s); {LAYOUT}{hint}")
    return folders


def _splits(parent: Path) -> list[tuple[Path, str]]:
    """The folders in a folder that are named like a split, with its name.

    Raises:
        InputError: if two are named like the same split.
    """
    found = [(path, split) for path in Walk().folders(parent) if (split := split_of(path.name))]
    for path, split in found:
        if twins := [other.name for other, name in found if name == split and other != path]:
            raise InputError(f"root: {parent} has {path.name} and {twins[0]}, two splits of one name; rename one")
    return found


def _splits_of_classes(root: Path, folders: list[Path], walk: Walk) -> Layout:
    """root/{train,test}/CLASS."""
    splits = {split: path for path, split in _splits(root)}
    train = splits["train"]
    classes = class_folders(train, walk.folders(train))
    held = (splits[name] for name in TESTS if name in splits)
    test = next((path for path in held if len(Walk().folders(path)) > 1), None)
    if test is None:
        raise InputError(
            f"root: {root} has {train.name}/ but none of test, val, validation with class folders in it; {LAYOUT}; "
            f"to draw a split, set root to {train}"
        )
    tests = walk.folders(test)
    if different := sorted({path.name for path in classes} ^ {path.name for path in tests}):
        raise InputError(
            f"root: class {', '.join(map(readable, different[:5]))} is not in both splits; {test} must match {train}"
        )
    names = [readable(path.name) for path in classes]
    unused = [readable(path.name) for path in folders if path not in (train, test)]
    return Layout(names, classes, tests, {"train": train.name, "test": test.name, "unused": unused})


def _classes_of_splits(classes: list[Path], inner: Sequence[dict[str, Path]], walk: Walk) -> Layout:
    """root/CLASS/{train,test}."""
    test = next((name for name in TESTS if all(name in splits for splits in inner)), None)
    given = dict(zip(classes, inner, strict=True))
    lacking = [folder for folder, splits in given.items() if "train" not in splits or not set(TESTS) & set(splits)]
    if lacking or test is None:
        folder = [*lacking, *classes][0]
        there = ", ".join(path.name for path in given[folder].values()) or "no split"
        raise InputError(f"root: {folder} holds {there}; every class needs train and the same of test, val")
    used = {"train", test}
    others = {
        readable(path.name) for folder in classes for path in walk.folders(folder) if split_of(path.name) not in used
    }
    names = [readable(folder.name) for folder in classes]
    splits = {"train": "CLASS/train", "test": f"CLASS/{test}", "unused": sorted(others)}
    return Layout(names, [each["train"] for each in inner], [each[test] for each in inner], splits)


def list_images(classes: Sequence[Path], root: Path, walk: Walk) -> tuple[list[Path], np.ndarray]:
    """The image files of every class folder in alphabetical order, and their labels."""
    found = walk.images(classes, root)
    if empty := [str(folder) for folder, paths in zip(classes, found, strict=True) if not paths]:
        others = f"; left out: {listed(walk.left_out)}" if walk.left_out else ""
        raise InputError(f"root: no image in {', '.join(empty[:5])}; add images or remove it{others}")
    labels = np.repeat(np.arange(len(classes)), [len(paths) for paths in found])
    return [path for paths in found for path in paths], labels


KIND = Kind(Options, make, source="a folder of images", licence="the owner's")
