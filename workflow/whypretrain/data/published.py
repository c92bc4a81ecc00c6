"""Published data sets: what each entry of the catalogue says, its options, and from its reader to an image set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from whypretrain.data._options import Common, OnDisk, choice, option
from whypretrain.data.image_set import ImageSet
from whypretrain.data.listing import Listing
from whypretrain.data.sampling import per_class, split_off
from whypretrain.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Options(OnDisk, Common):
    """Options of a set with a split of its own."""

    root: str


@dataclass(frozen=True, kw_only=True)
class Unsplit(Options):
    """Options of a set without one: a seeded stratified share is held out."""

    test_fraction: float = option(0.2, least=0.01, most=0.99)


@dataclass(frozen=True, kw_only=True)
class Drawings(Unsplit):
    """Options of Omniglot."""

    part: str = choice("background", "evaluation", "all")  # 30 alphabets, 20 others, or both


@dataclass(frozen=True, kw_only=True)
class Corrupted(Options):
    """Options of a set whose test images are corrupted."""

    corruption: str | None = None  # one of the 15; null: all
    severity: int | None = option(3, least=1, most=5)  # null: all five


@dataclass(frozen=True, kw_only=True)
class Vision(Unsplit):
    """Options of `torchvision:CLASS`."""

    arguments: dict | None = None  # further arguments of the class, e.g. {annotation_level: family}


@dataclass(frozen=True)
class Archive:
    """A file that may be fetched without asking, with its published MD5, and the folder that it is unpacked into."""

    url: str
    md5: str
    into: str = "."

    @property
    def name(self) -> str:
        """The file's own name."""
        return Path(urlsplit(self.url).path).name


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published data set.

    Attributes:
        read: from the root folder and the options to what there is.
        layout: what the root folder must hold.
        split: where its training and test images come from.
        classes, train, test: its size when it is complete.
        metric: accuracy (top-1) or mean_class_accuracy, as papers report it.
        train_per_class: training images drawn of each class, where there is no official split.
        archives: what `whypretrain fetch` fetches; empty where the terms ask people to agree first.
    """

    read: Callable[[Path, Any], Listing]
    layout: str
    split: str
    classes: int
    train: int
    test: int
    licence: str
    page: str
    metric: str = "accuracy"
    options: type[Options] = Options
    train_per_class: int | None = None
    archives: tuple[Archive, ...] = ()


def make(entry: Published, name: str, options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """The images of a published set below `options.root`, undecoded; `about` tells whether the set is complete.

    Raises:
        InputError: if the root, a list of the split or an annotation is missing or broken, or a class is empty.
    """
    root = Path(options.root)
    if not root.is_dir():
        raise InputError(f"root: {root} is not a folder; {how_to_get(entry, name, root)}")
    try:
        listing = entry.read(root, options)
    except FileNotFoundError as error:
        raise InputError(
            f"root: {error.filename or error} is missing; {root} must hold {entry.layout}"
        ) from error
    except (RuntimeError, ValueError, KeyError, IndexError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"root: {root} cannot be read ({reason}); it must hold {entry.layout}") from error
    test = _test(entry, listing, options, seed=seed, what=f"images of {root}")
    made = listing.image_set(
        test,
        size=size,
        channels=channels,
        concepts=options.concepts,
        skip_broken=options.on_broken == "skip",
    )
    found = [len(listing.classes), int((~test).sum()), int(test.sum())]
    complete = found == [entry.classes, entry.train, entry.test]
    return replace(made, about={"page": entry.page, "metric": entry.metric, "complete": complete})


def _test(entry: Published, listing: Listing, options: Options, *, seed: int, what: str) -> np.ndarray:
    """Where the test images are: the set's own split, so many training images a class, or a share held out."""
    if listing.test is not None:
        return listing.test
    if entry.train_per_class:
        return ~per_class(
            listing.labels, entry.train_per_class, classes=listing.classes, seed=seed, what=what
        )
    fraction = getattr(options, "test_fraction", 0.2)
    return split_off(listing.labels, fraction, classes=listing.classes, seed=seed, what=what)


def how_to_get(entry: Published, name: str, root: Path | str) -> str:
    """One line: the command that fetches the set, or the manual step."""
    if entry.archives:
        return f"fetch it: whypretrain fetch {name} {root}"
    return f"its terms ask you to get it yourself: {entry.page}; lay it out as {root}/{entry.layout}"
