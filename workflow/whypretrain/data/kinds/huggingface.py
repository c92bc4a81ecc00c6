"""Kind `huggingface`: data sets in the formats of the Hugging Face hub, from a local folder or by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image

from whypretrain.config.datasets import HeldOut, OnDisk
from whypretrain.config.section import Place
from whypretrain.data.folders import TESTS, split_of
from whypretrain.data.image_set import ImageSet
from whypretrain.data.kinds import Kind
from whypretrain.data.listing import Listing
from whypretrain.data.pictures import open_picture
from whypretrain.data.sampling import split_off
from whypretrain.data.text_set import text_set
from whypretrain.errors import InputError

CACHE = Path(".cache/huggingface")


class Options(OnDisk):
    """A local folder of parquet or image files, or that `save_to_disk` wrote; or a data set on the hub, by its name."""

    root: Annotated[str | None, Place()] = None
    """the folder; or give `name` and `revision`"""
    name: str | None = None
    """ORG/NAME of a data set on the hub"""
    revision: str | None = None
    """its commit or tag on the hub, so that another run reads the same data"""
    subset: str | None = None
    """of a data set that has several"""
    train: str | None = None
    """the split with the training images; null: the one of that name, or the only one"""
    test: str | None = None
    """the split with the test images; null: test, else validation; without either a fraction is held out"""
    image: str | None = None
    """the column of images; null: the only one"""
    text: str | None = None
    """the column of sentences, of a set of text in place of images"""
    label: str | None = None
    """the column of classes; null: the only one of class labels, else label"""
    test_fraction: HeldOut = 0.2
    """fraction held out where there is no test split"""

    def plain(self) -> dict[str, Any]:
        """All keys, `text` where it is given."""
        return {key: value for key, value in super().plain().items() if key != "text" or value}


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """All images, shorter side to `size`, centre cropped.

    Raises:
        InputError: if the package datasets is missing, the set cannot be read, or its columns or labels do not fit.
    """
    splits = _loaded(options)
    train, test = _chosen(options, splits)
    parts = {name: splits[name] for name in (train, test) if name}
    first = parts[train]
    if options.text:
        return _sentences(options, splits, parts, seed)
    image = _column(options.image, first, "image", "Image")
    label = _column(options.label, first, "label", "ClassLabel", default="label")
    labels, classes = _labels(parts, label)
    pictures = [part.select_columns([image]) for part in parts.values()]
    places = [(part, row) for part in pictures for row in range(len(part))]

    def opened(number: int) -> Image.Image:
        part, row = places[number]
        held = part[row][image]
        return open_picture(Path(held["path"]) if held["bytes"] is None else BytesIO(held["bytes"]))

    def drawn(labels: np.ndarray) -> np.ndarray:
        return split_off(labels, options.test_fraction, classes=classes, seed=seed, what=f"images of {_named(options)}")

    of_test = np.arange(len(places)) >= len(first)
    about = {
        "files": {"found": len(places), "images": len(places), "left_out": {}},
        "splits": _described(train, test, splits, options),
    }
    origins = [f"{name} {row}" for name, part in parts.items() for row in range(len(part))]
    found = Listing(opened, labels, classes, origins, of_test if test else None, about=about)
    return found.image_set(drawn, options, size=size, channels=channels)


def _sentences(options: Options, splits: Mapping[str, Any], parts: Mapping[str, Any], seed: int) -> ImageSet:
    """The sentences of a text set."""
    first, text = next(iter(parts.values())), str(options.text)
    if text not in first.features:
        raise InputError(f"text: no column {text!r}; there are {', '.join(first.features)}")
    labels, classes = _labels(parts, _column(options.label, first, "label", "ClassLabel", default="label"))
    origins = [f"{name} {row}" for name, part in parts.items() for row in range(len(part))]
    texts = [str(value or "") for part in parts.values() for value in part[text]]
    what = f"sentences of {_named(options)}"
    held = np.arange(len(texts)) >= len(first)
    if len(parts) == 1:
        held = split_off(labels, options.test_fraction, classes=classes, seed=seed, what=what)
    train, test = [*parts, None][:2]
    made = text_set(texts, labels, test=held, classes=classes, origins=origins)
    return replace(made, about={"splits": _described(str(train), test, splits, options)})


def _named(options: Options) -> str:
    return str(options.root or options.name)


def _described(train: str, test: str | None, splits: Mapping[str, Any], options: Options) -> dict[str, Any]:
    unused = sorted(set(splits) - {train, test})
    if test is None:
        return {"drawn": options.test_fraction, "unused": unused}
    return {"train": train, "test": test, "unused": unused}


def _loaded(options: Options) -> dict[str, Any]:
    """The splits by name, their images undecoded."""
    if (options.root is None) == (options.name is None):
        raise InputError("root: give the folder, or name and revision of a data set on the hub in its place")
    if options.name and not options.revision:
        raise InputError(f"revision: give the commit or tag of {options.name} that is to be read")
    os.environ.setdefault("HF_HOME", str(CACHE.absolute()))
    try:
        import datasets
    except ImportError:
        raise InputError("kind: huggingface needs the package datasets; pip install 'whypretrain[hub]'") from None
    datasets.disable_progress_bars()
    try:
        found = _read(datasets, options)
        splits = dict(found) if isinstance(found, dict) else {"train": found}
        return {name: _undecoded(datasets, part) for name, part in splits.items()}
    except Exception as error:  # the package raises what its many readers raise
        reason = " ".join(str(error).split()) or type(error).__name__
        hint = "check the folder" if options.root else "check the name, the revision and the network"
        raise InputError(
            f"{'root' if options.root else 'name'}: {_named(options)} cannot be read ({reason}); {hint}"
        ) from None


def _read(datasets: Any, options: Options) -> Any:
    if options.root is None:
        return datasets.load_dataset(options.name, options.subset, revision=options.revision, cache_dir=str(CACHE))
    root = Path(options.root)
    if not root.is_dir():
        raise InputError("it is not a folder")
    if any((root / name).is_file() for name in ("dataset_dict.json", "state.json")):
        return datasets.load_from_disk(str(root))
    # What an earlier run made of the folder is recognised by times, not by content.
    anew = datasets.DownloadMode.FORCE_REDOWNLOAD
    return datasets.load_dataset(str(root.absolute()), options.subset, cache_dir=str(CACHE), download_mode=anew)


def _undecoded(datasets: Any, part: Any) -> Any:
    for name, kind in part.features.items():
        if isinstance(kind, datasets.Image):
            part = part.cast_column(name, datasets.Image(decode=False))
    return part


def _chosen(options: Options, splits: Mapping[str, Any]) -> tuple[str, str | None]:
    """Names of the training split and of the test split, if there is one."""
    there = f"{_named(options)} has {', '.join(splits)}"
    for key in ("train", "test"):
        if (name := getattr(options, key)) is not None and name not in splits:
            raise InputError(f"{key}: no split {name!r}; {there}")
    by_word = {split_of(name): name for name in splits}
    train = options.train or by_word.get("train") or (next(iter(splits)) if len(splits) == 1 else None)
    if train is None:
        raise InputError(f"train: name the split with the training images; {there}")
    test = options.test or next((by_word[word] for word in TESTS if word in by_word), None)
    if train == test:
        raise InputError(f"test: {test!r} is the training split, too; {there}")
    return train, test


def _column(named: str | None, part: Any, key: str, kind: str, default: str | None = None) -> str:
    """The column that the config names, else the only one of the kind, else that of the default name."""
    columns = part.features
    found = [name for name, each in columns.items() if type(each).__name__ == kind]
    chosen = named or (found[0] if len(found) == 1 else default)
    if chosen not in columns or (kind == "Image" and chosen not in found):
        raise InputError(
            f"{key}: name the column of {'images' if kind == 'Image' else 'classes'}; there are {', '.join(columns)}"
        )
    return str(chosen)


def _labels(parts: Mapping[str, Any], label: str) -> tuple[np.ndarray, list[str]]:
    """Class of each image, (N,), and the names of the classes: those of the column's type, else all values in order."""
    given = [(name, value) for name, part in parts.items() for value in part[label]]
    for name, value in given:
        if not isinstance(value, str | int) or (isinstance(value, int) and value < 0):
            raise InputError(
                f"label: column {label} of split {name} holds {value!r}; name a column of one class an image"
            )
    values = [value for _, value in given]
    kinds = [getattr(part.features[label], "names", None) for part in parts.values()]
    if any(names != kinds[0] for names in kinds):
        raise InputError(f"label: the classes of column {label} differ between the splits {', '.join(parts)}")
    if kinds[0]:
        return np.asarray(values, np.int64), [str(name) for name in kinds[0]]
    classes = sorted(set(values))
    number = {name: place for place, name in enumerate(classes)}
    return np.array([number[value] for value in values], np.int64), [str(name) for name in classes]


KIND = Kind(Options, make, source="a data set in a format of the Hugging Face hub", licence="its owner's", text=None)
