"""Readers of published data sets in their own formats, where torchvision has none that fits."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from whypretrain.data import listing
from whypretrain.data.folders import Walk
from whypretrain.data.kinds import imagefolder
from whypretrain.data.listing import Listing
from whypretrain.data.published.entry import Drawings, Options
from whypretrain.errors import InputError


def imagenet(root: Path, options: Options) -> Listing:
    """ILSVRC-2012: train/WNID/*.JPEG; val/WNID/*.JPEG, or val/*.JPEG with the development kit."""
    walk = Walk()
    folders = imagefolder.class_folders(root / "train", walk.folders(root / "train"))
    classes = [folder.name for folder in folders]
    train, labels = imagefolder.list_images(folders, root, walk)
    if any(path.is_dir() for path in (root / "val").iterdir()):
        test, more = imagefolder.list_images([root / "val" / name for name in classes], root, walk)
    else:
        test, more = _flat_validation(root, classes)
    of_test = np.arange(len(train) + len(test)) >= len(train)
    return listing.of_files(
        train + test,
        root,
        np.concatenate([labels, more]),
        classes,
        test=of_test,
        about={"files": walk.counts(len(train) + len(test))},
    )


def _flat_validation(root: Path, classes: list[str]) -> tuple[list[Path], np.ndarray]:
    """Validation images in one folder; the kit numbers the classes from 1 in its own order."""
    kit = root / "ILSVRC2012_devkit_t12" / "data"
    synsets = _mat(kit / "meta.mat")["synsets"]
    names = dict(zip(synsets["ILSVRC2012_ID"].tolist(), synsets["WNID"].tolist(), strict=True))
    truth = _lines(kit / "ILSVRC2012_validation_ground_truth.txt")
    paths = sorted((root / "val").glob("*.JPEG"))
    if len(paths) != len(truth):
        raise InputError(f"root: {root / 'val'} holds {len(paths)} images, the development kit {len(truth)}")
    return paths, np.array([classes.index(names[int(number)]) for number in truth])


def cub200(root: Path, options: Options) -> Listing:
    """CUB-200-2011: images.txt, image_class_labels.txt, train_test_split.txt, classes.txt."""
    folder = _inside(root, "CUB_200_2011")
    paths, labels, training, classes = (
        [line.split(maxsplit=1)[1] for line in _lines(folder / f"{name}.txt")]
        for name in ("images", "image_class_labels", "train_test_split", "classes")
    )
    files = [folder / "images" / path for path in paths]
    test = np.array(training) == "0"
    return listing.of_files(files, root, np.array(labels, int) - 1, classes, test=test)


def stanford_dogs(root: Path, options: Options) -> Listing:
    """Stanford Dogs: Images/CLASS/*.jpg and the lists train_list.mat and test_list.mat."""
    lists = [_mat(_first(f"{name}_list.mat", root / "lists", root)) for name in ("train", "test")]
    names = [str(name) for each in lists for name in np.atleast_1d(each["file_list"])]
    labels = np.concatenate([np.atleast_1d(each["labels"]) for each in lists]).astype(int) - 1
    classes = sorted({name.split("/")[0] for name in names})
    test = np.arange(len(names)) >= np.size(lists[0]["labels"])
    return listing.of_files([root / "Images" / name for name in names], root, labels, classes, test=test)


def sun397(root: Path, options: Options) -> Listing:
    """SUN397: its scenes, and the first of the ten official partitions, Training_01.txt and Testing_01.txt."""
    folder = _inside(root, "SUN397")
    lists = [_lines(_first(f"{name}_01.txt", root / "Partitions", root, folder)) for name in ("Training", "Testing")]
    names = [name.lstrip("/") for each in lists for name in each]
    scenes = [name.split("/", 1)[1].rsplit("/", 1)[0] for name in names]  # without the first letter's folder
    classes, labels = np.unique(scenes, return_inverse=True)
    test = np.arange(len(names)) >= len(lists[0])
    return listing.of_files([folder / name for name in names], root, labels, classes.tolist(), test=test)


def omniglot(root: Path, options: Drawings) -> Listing:
    """Omniglot: images_background*/ALPHABET/CHARACTER/*.png, as folders or in their zips; an alphabet is a concept."""
    wanted = {"all": ("background", "evaluation")}.get(options.part, (options.part,))
    places = [place for part in wanted for place in sorted(root.rglob(f"images_{part}*"))]
    archives = [ZipFile(place) for place in places if place.suffix == ".zip"]
    found = {
        _drawing(name): (which, name)
        for which, archive in enumerate(archives)
        for name in archive.namelist()
        if name.endswith(".png")
    }
    if found:
        drawings = sorted(found)
        labels, classes, concepts = _characters(drawings)
        members = [found[one] for one in drawings]
        return listing.of_members(archives, members, labels, classes, concepts=concepts)
    files = {_drawing(path.as_posix()): path for place in places for path in place.glob("*/*/*.png")}
    if not files:
        raise FileNotFoundError(f"{root}/images_{wanted[0]}*")
    drawings = sorted(files)
    labels, classes, concepts = _characters(drawings)
    return listing.of_files([files[one] for one in drawings], root, labels, classes, concepts=concepts)


def _drawing(name: str) -> tuple[str, str, str]:
    """Alphabet, character and file: what two of the zips may both hold."""
    alphabet, character, file = name.split("/")[-3:]
    return alphabet, character, file


def _characters(drawings: Iterable[tuple[str, str, str]]) -> Any:
    names = [f"{alphabet}/{character}" for alphabet, character, _ in drawings]
    classes = sorted(set(names))
    number = {name: label for label, name in enumerate(classes)}
    return [number[name] for name in names], classes, [name.split("/")[0] for name in classes]


def _inside(root: Path, name: str) -> Path:
    """The folder of that name below the root, or the root itself."""
    return root / name if (root / name).is_dir() else root


def _first(name: str, *folders: Path) -> Path:
    """The file of that name in the first folder that has it, else where it should be."""
    places = [folder / name for folder in folders]
    return next((place for place in places if place.exists()), places[0])


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


def _mat(path: Path) -> Any:
    """The variables of a MATLAB file; it holds arrays alone."""
    from scipy.io import loadmat

    if not path.exists():
        raise FileNotFoundError(2, "missing", str(path))
    return loadmat(path, squeeze_me=True)
