"""CIFAR-10, CIFAR-100 and their corrupted versions, from their files or as pictures; pickles are not executed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain.data import listing
from whypretrain.data.kinds import imagefolder
from whypretrain.data.listing import Listing
from whypretrain.data.published.entry import Corrupted, Options
from whypretrain.data.unpickling import unpickle
from whypretrain.errors import InputError

#: The fifteen corruptions that are reported (Hendrycks and Dietterich, arXiv:1903.12261).
CORRUPTIONS = (
    *("gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur"),
    *("snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"),
)
_TRAIN = {10: [f"data_batch_{number}" for number in range(1, 6)], 100: ["train"]}
_TEST = {10: ["test_batch"], 100: ["test"]}


def cifar(classes: int) -> Callable[[Path, Options], Listing]:
    """A reader of CIFAR-10 or CIFAR-100, from the Python or the binary version, or as pictures in folders."""

    def read(root: Path, options: Options) -> Listing:
        if (root / "train").is_dir():
            return imagefolder.read(root)
        parts = _parts(root, classes, [*_TRAIN[classes], *_TEST[classes]])
        sizes = [len(pixels) for _, pixels, _ in parts]
        test = np.repeat([name in _TEST[classes] for name, _, _ in parts], sizes)
        labels = np.concatenate([labels for _, _, labels in parts])
        names, concepts = _names(root, classes, labels)
        fine = labels if labels.ndim == 1 else labels[:, 1]
        origins = [name for name, _, _ in parts]
        pixels = [pixels for _, pixels, _ in parts]
        return listing.of_arrays(pixels, origins, fine, names, test=test, concepts=concepts)

    return read


def corrupted(classes: int) -> Callable[[Path, Corrupted], Listing]:
    """A reader of the clean training images, and as test images those of CIFAR-10-C or CIFAR-100-C.

    Each .npy of a corruption holds the test images at severity 1, then at 2, to 5.
    """

    def read(root: Path, options: Corrupted) -> Listing:
        clean = _parts(root, classes, _TRAIN[classes])
        names, concepts = _names(root, classes, np.concatenate([labels for _, _, labels in clean]))
        labels = [labels if labels.ndim == 1 else labels[:, 1] for _, _, labels in clean]
        folder, chosen = root / f"CIFAR-{classes}-C", _chosen(options)
        truth = np.load(folder / "labels.npy", allow_pickle=False)
        severities = range(1, 6) if options.severity is None else [options.severity]
        each, versions = len(truth) // 5, list(product(chosen, severities))
        rows = {severity: slice(each * (severity - 1), each * severity) for severity in severities}
        files = {one: np.load(folder / f"{one}.npy", mmap_mode="r", allow_pickle=False) for one in chosen}
        hurt = [files[one][rows[severity]] for one, severity in versions]
        origins = [name for name, _, _ in clean] + [f"{one} {severity}" for one, severity in versions]
        labels += [truth[rows[severity]] for _, severity in versions]
        arrays = [pixels for _, pixels, _ in clean] + hurt
        test = np.arange(sum(map(len, arrays))) >= sum(len(pixels) for _, pixels, _ in clean)
        return listing.of_arrays(arrays, origins, np.concatenate(labels), names, test=test, concepts=concepts)

    return read


def _chosen(options: Corrupted) -> tuple[str, ...]:
    if options.corruption is None:
        return CORRUPTIONS
    if options.corruption not in CORRUPTIONS:
        raise InputError(f"corruption: {options.corruption!r} is none of {', '.join(CORRUPTIONS)}")
    return (options.corruption,)


def _parts(root: Path, classes: int, names: list[str]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Name, pixels uint8 (n, 32, 32, 3) and labels of each file: (n,), for CIFAR-100 (n, 2), coarse and fine."""
    binary = root / ("cifar-10-batches-bin" if classes == 10 else "cifar-100-binary")
    read = _read_binary if binary.is_dir() else _read_pickle
    return [(name, *read(binary if binary.is_dir() else _folder(root, classes), name, classes)) for name in names]


def _folder(root: Path, classes: int) -> Path:
    return root / ("cifar-10-batches-py" if classes == 10 else "cifar-100-python")


def _read_binary(folder: Path, name: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Records of one label byte (CIFAR-100: coarse and fine) and 3 x 32 x 32 pixels."""
    told = 1 if classes == 10 else 2
    records = np.fromfile(folder / f"{name}.bin", np.uint8).reshape(-1, told + 3072)
    return _pixels(records[:, told:]), records[:, 0] if told == 1 else records[:, :2]


def _read_pickle(folder: Path, name: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    found = _unpickled(folder / name)
    if classes == 10:
        return _pixels(found["data"]), np.asarray(found["labels"])
    return _pixels(found["data"]), np.stack([found["coarse_labels"], found["fine_labels"]], axis=1)


def _unpickled(path: Path) -> dict[str, Any]:
    """The mapping in a pickle that holds plain values and NumPy arrays."""
    if not path.exists():
        raise FileNotFoundError(2, "missing", str(path))
    return unpickle(path)


def _pixels(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _names(root: Path, classes: int, labels: np.ndarray) -> tuple[list[str], list[str] | None]:
    """Names of the classes, and of CIFAR-100's twenty superclasses as concepts."""
    binary = root / ("cifar-10-batches-bin" if classes == 10 else "cifar-100-binary")
    if classes == 10:
        if binary.is_dir():
            return (binary / "batches.meta.txt").read_text().split(), None
        return _unpickled(_folder(root, 10) / "batches.meta")["label_names"], None
    if binary.is_dir():
        fine, coarse = ((binary / f"{kind}_label_names.txt").read_text().split() for kind in ("fine", "coarse"))
    else:
        meta = _unpickled(_folder(root, 100) / "meta")
        fine, coarse = meta["fine_label_names"], meta["coarse_label_names"]
    above = dict(zip(labels[:, 1].tolist(), labels[:, 0].tolist(), strict=True))
    return fine, [coarse[above[label]] if label in above else name for label, name in enumerate(fine)]
