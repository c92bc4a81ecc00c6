"""Data sets that torchvision has a class for, read through it without downloading; torch is imported on the way."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from whypretrain.data.folders import readable
from whypretrain.data.listing import Listing
from whypretrain.data.pictures import open_picture
from whypretrain.data.published.entry import Options, Published, Vision
from whypretrain.errors import InputError

# torchvision's classes that would run a pickle of the data set.
_PICKLES = {"CIFAR10": "cifar10", "CIFAR100": "cifar100", "LSUN": "imagefolder", "LSUNClass": "imagefolder"}
_TRAIN, _TEST = ("trainval", "train"), ("test", "val", "valid")


def through(name: str, train: Sequence[Mapping], test: Sequence[Mapping] = ()) -> Callable[[Path, Options], Listing]:
    """A reader: torchvision's class `name` with these arguments for the parts of each split; no test: no split."""

    def read(root: Path, options: Options) -> Listing:
        made = [_class(name)(root, **arguments) for arguments in (*train, *test)]
        of_test = np.repeat([part >= len(train) for part in range(len(made))], [len(dataset) for dataset in made])
        return _joined(made, name, root, of_test if test else None)

    return read


def of_class(name: str) -> Callable[[Path, Vision], Listing]:
    """A reader through any of torchvision's classes for classification; its splits are found by their names."""

    def read(root: Path, options: Vision) -> Listing:
        more = options.arguments or {}
        parameters = inspect.signature(_class(name)).parameters
        if "train" in parameters:
            return through(name, [{"train": True, **more}], [{"train": False, **more}])(root, options)
        if "split" not in parameters or "split" in more:
            return through(name, [more])(root, options)
        train, test = (_first_split(name, root, names, more) for names in (_TRAIN, _TEST))
        return through(name, [train], [test])(root, options)

    return read


def torchvision_class(name: str) -> Published:
    """What is known of a data set that has only torchvision's class `name`."""
    return Published(
        read=of_class(name),
        layout=f"what torchvision.datasets.{name} reads",
        split="that of the class, else a share drawn by the seed",
        classes=0,
        train=0,
        test=0,
        options=Vision,
        licence="the owner's",
        page=f"https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.{name}.html",
    )


def _class(name: str) -> Any:
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # some classes read their files by torch.load
    from torchvision import datasets

    if name in _PICKLES:
        raise InputError(f"kind: torchvision:{name} would run a pickle; use kind: {_PICKLES[name]}")
    found = getattr(datasets, name, None)
    if not inspect.isclass(found) or "root" not in inspect.signature(found).parameters:
        raise InputError(f"kind: torchvision has no data set {name!r} on disk; see torchvision.datasets")
    return found


def _first_split(name: str, root: Path, names: Sequence[str], more: Mapping) -> dict[str, Any]:
    """The arguments of the first split that the class has under one of these names."""
    refusal: Exception = ValueError(f"no split of torchvision:{name} is called {' or '.join(names)}")
    for split in names:
        try:
            _class(name)(root, split=split, **more)
        except ValueError as error:  # torchvision's word for a value that it does not know
            refusal = error
        else:
            return {"split": split, **more}
    raise refusal


def _joined(parts: Sequence[Any], name: str, root: Path, test: np.ndarray | None) -> Listing:
    labels = np.concatenate([_labels(part, name) for part in parts])
    classes = [_classes(part, labels) for part in parts]
    if any(each != classes[0] for each in classes):
        raise InputError(f"root: the splits of {name} have different classes; fetch the whole set again")
    owners = [(part, row) for part in parts for row in range(len(part))]
    files = [found for part in parts for found in _files(part)]

    def opened(number: int) -> Image.Image:
        if files[number] is not None:
            return open_picture(files[number])
        part, row = owners[number]
        picture = part[row][0]
        return picture if isinstance(picture, Image.Image) else Image.fromarray(np.asarray(picture))

    origins = [
        f"{name} {number}" if file is None else readable(Path(os.path.relpath(file, root)).as_posix())
        for number, file in enumerate(files)
    ]
    return Listing(opened, labels, classes[0], origins, test)


def _labels(dataset: Any, name: str) -> np.ndarray:
    """Labels (N,): as the class keeps them, else asked one by one."""
    for attribute in ("targets", "_labels", "labels", "y"):
        if (found := getattr(dataset, attribute, None)) is not None:
            break
    else:
        pairs = getattr(dataset, "_samples", None) or getattr(dataset, "samples", None)
        found = [pair[1] for pair in pairs or dataset]
    labels = np.asarray(found)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(f"kind: torchvision:{name} has no class label an image; it is no classification set")
    return labels.astype(np.int64)


def _classes(dataset: Any, labels: np.ndarray) -> list[str]:
    for attribute in ("classes", "categories"):
        if found := getattr(dataset, attribute, None):
            return [str(one) for one in found]
    return [str(label) for label in range(int(labels.max()) + 1)]


def _files(dataset: Any) -> list[Any]:
    """The image files, where the class keeps their names; they decode faster than its pictures. Else None each."""
    for attribute in ("_image_files", "_images", "_samples", "samples"):
        found = getattr(dataset, attribute, None)
        if isinstance(found, list) and found:
            return [one[0] if isinstance(one, tuple) else one for one in found]
    if hasattr(dataset, "annotation_categories"):  # Caltech101 counts its files
        folder = Path(dataset.root) / "101_ObjectCategories"
        names = [dataset.categories[label] for label in dataset.y]
        return [folder / name / f"image_{row:04d}.jpg" for name, row in zip(names, dataset.index, strict=True)]
    return [None] * len(dataset)
