"""Miniature copies of published data sets in their own formats on disk: generated pictures, a few a class.

They show that a configuration runs, before the data are there; accuracies on them mean nothing.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from whypretrain.data.published.cifar import CORRUPTIONS
from whypretrain.runtime import seeds

CLASSES, TRAIN, TEST = 4, 6, 3  # of each copy; images of each class
_WNIDS = ("n01440764", "n01530575", "n01532829", "n02085620", "n02930766", "n03014705")


def write_miniatures(folder: str | Path) -> list[str]:
    """Write a copy of every set into a folder of its name below `folder`; the same bytes each time."""
    for name, write in _WRITERS.items():
        write(Path(folder) / name)
    return list(_WRITERS)


def picture(label: int, row: int, *, size: int = 40) -> Image.Image:
    """A noisy colour picture with stripes whose direction and hue depend on the class."""
    draw = seeds.generator("miniature", label, row)
    down, across = np.mgrid[:size, :size] / size
    angle = np.pi * label / CLASSES
    stripes = np.sin(2 * np.pi * (3 * (across * np.cos(angle) + down * np.sin(angle)) + draw.random()))
    hue = 0.5 + 0.4 * np.cos(2 * np.pi * (label / CLASSES + np.arange(3) / 3))
    pixels = hue * (0.6 + 0.3 * stripes[..., None]) + 0.05 * draw.standard_normal((size, size, 3))
    return Image.fromarray((255 * pixels.clip(0, 1)).astype(np.uint8))


def _save(path: Path, label: int, row: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(label, row).save(path)


def _text(path: Path, *lines: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def _mat(path: Path, **variables: object) -> None:
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, variables)


def _rows(train: int = TRAIN, test: int = TEST) -> Iterator[tuple[int, int, bool]]:
    """Label, row and whether it is a test image, of every picture of a set."""
    for label in range(CLASSES):
        for row in range(train + test):
            yield label, row, row >= train


def _folders(root: Path, *, names: Callable[[int], str], each: int, file: str = "{row}.jpg") -> None:
    """One folder a class."""
    for label in range(CLASSES):
        for row in range(each):
            _save(root / names(label) / file.format(row=row, number=row + 1), label, row)


def _imagenet(root: Path) -> None:
    for label, wnid in enumerate(_WNIDS):
        for row in range(12):
            _save(root / ("val" if row >= 10 else "train") / wnid / f"{wnid}_{row}.JPEG", label, row)


def _tiny_imagenet(root: Path) -> None:
    folder, wnids = root / "tiny-imagenet-200", [f"n0208562{label}" for label in range(CLASSES)]
    lines = []
    for label, row, test in _rows():
        name = f"val_{label}_{row}.JPEG" if test else f"{wnids[label]}_{row}.JPEG"
        _save(folder / ("val" if test else f"train/{wnids[label]}") / "images" / name, label, row)
        lines += [f"{name}\t{wnids[label]}\t0\t0\t9\t9"] if test else []
    _text(folder / "val/val_annotations.txt", *lines)
    _text(folder / "wnids.txt", *wnids[::-1])
    _text(folder / "words.txt", *(f"{wnid}\tword {wnid}, synonym" for wnid in wnids[1:]))


def _cub200(root: Path) -> None:
    folder, rows = root / "CUB_200_2011", list(_rows())
    names = [f"{label + 1:03d}.Bird_{label}/Bird_{row:04d}.jpg" for label, row, _ in rows]
    for name, (label, row, _) in zip(names, rows, strict=True):
        _save(folder / "images" / name, label, row)
    _text(folder / "classes.txt", *(f"{label + 1} {label + 1:03d}.Bird_{label}" for label in range(CLASSES)))
    columns: dict[str, list] = {
        "images": names,
        "image_class_labels": [label + 1 for label, _, _ in rows],
        "train_test_split": [int(not test) for _, _, test in rows],
    }
    for file, values in columns.items():
        _text(folder / f"{file}.txt", *(f"{number} {value}" for number, value in enumerate(values, 1)))


def _stanford_cars(root: Path) -> None:
    folder = root / "stanford_cars"
    kind = np.dtype([("class", object), ("fname", object)])
    for split, file in ((False, "devkit/cars_train_annos.mat"), (True, "cars_test_annos_withlabels.mat")):
        rows = [(label, row) for label, row, test in _rows() if test == split]
        for number, (label, row) in enumerate(rows):
            _save(folder / ("cars_test" if split else "cars_train") / f"{number:05d}.jpg", label, row)
        marks = [(label + 1, f"{number:05d}.jpg") for number, (label, _) in enumerate(rows)]
        _mat(folder / file, annotations=np.array(marks, kind))
    names = np.array([f"Maker Model {label}" for label in range(CLASSES)], object)
    _mat(folder / "devkit" / "cars_meta.mat", class_names=names)


def _stanford_dogs(root: Path) -> None:
    for split in (False, True):
        rows = [
            (label, f"n0208562{label}-Dog/n0208562{label}_{row}.jpg", row)
            for label, row, test in _rows()
            if test == split
        ]
        for label, name, row in rows:
            _save(root / "Images" / name, label, row)
        names = np.array([[name] for _, name, _ in rows], object)
        labels = np.array([[label + 1] for label, _, _ in rows])
        _mat(root / f"{'test' if split else 'train'}_list.mat", file_list=names, labels=labels)


def _fgvc_aircraft(root: Path) -> None:
    folder = root / "fgvc-aircraft-2013b" / "data"
    lines: dict[str, list[str]] = {"trainval": [], "test": []}
    for number, (label, row, test) in enumerate(_rows()):
        _save(folder / "images" / f"{number:07d}.jpg", label, row)
        lines["test" if test else "trainval"].append(f"{number:07d} Type {label}-00")
    _text(folder / "variants.txt", *(f"Type {label}-00" for label in range(CLASSES)))
    for split, found in lines.items():
        _text(folder / f"images_variant_{split}.txt", *found)


def _dtd(root: Path) -> None:
    folder = root / "dtd" / "dtd"
    lines: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for label, row, test in _rows():
        name = f"texture{label}/texture{label}_{row:04d}.jpg"
        _save(folder / "images" / name, label, row)
        lines["test" if test else ("train", "val")[row % 2]].append(name)
    for split, found in lines.items():
        _text(folder / "labels" / f"{split}1.txt", *found)


def _oxford_pets(root: Path) -> None:
    folder = root / "oxford-iiit-pet"
    lines: dict[str, list[str]] = {"trainval": [], "test": []}
    for label, row, test in _rows():
        name = f"breed_{label}_{row}"
        _save(folder / "images" / f"{name}.jpg", label, row)
        lines["test" if test else "trainval"].append(f"{name} {label + 1} {label % 2 + 1} {label + 1}")
    for split, found in lines.items():
        _text(folder / "annotations" / f"{split}.txt", *found)


def _caltech101(root: Path) -> None:
    folder = root / "caltech101" / "101_ObjectCategories"
    _folders(folder, names=lambda label: f"object_{label}", each=TRAIN + TEST, file="image_{number:04d}.jpg")
    _save(folder / "BACKGROUND_Google" / "image_0001.jpg", 0, 0)


def _sun397(root: Path) -> None:
    lines: dict[str, list[str]] = {"Training": [], "Testing": []}
    for label, row, test in _rows():
        name = f"/s/scene{label}/{'indoor/' if label == 1 else ''}sun_{row:04d}.jpg"
        _save(root / "SUN397" / name[1:], label, row)
        lines["Testing" if test else "Training"].append(name)
    for split, found in lines.items():
        _text(root / "Partitions" / f"{split}_01.txt", *found)


def _eurosat(root: Path) -> None:
    _folders(root / "eurosat" / "2750", names=lambda label: f"Land{label}", each=TRAIN + TEST)


def _omniglot(root: Path) -> None:
    for alphabet in ("Greek", "Latin"):
        names = {label: f"{alphabet}/character{label + 1:02d}" for label in range(CLASSES)}
        _folders(root / "images_background", names=names.__getitem__, each=TRAIN + TEST, file="0001_{number:02d}.png")


def _cifar(root: Path, classes: int = 10) -> None:
    folder = root / ("cifar-10-batches-py" if classes == 10 else "cifar-100-python")
    files = [f"data_batch_{number}" for number in range(1, 6)] if classes == 10 else ["train"]
    for file in (*files, "test_batch" if classes == 10 else "test"):
        labels = np.tile(np.arange(CLASSES), TRAIN).tolist()
        rows = [picture(label, seeds.seed_of(file, row) % 999, size=32) for row, label in enumerate(labels)]
        data = np.stack([np.asarray(one).transpose(2, 0, 1).ravel() for one in rows])
        told = (
            {"labels": labels}
            if classes == 10
            else {"fine_labels": labels, "coarse_labels": [one // 2 for one in labels]}
        )
        _pickle(folder / file, {"data": data, **told})
    names = [f"thing{label}" for label in range(CLASSES)]
    if classes == 10:
        _pickle(folder / "batches.meta", {"label_names": names})
    else:
        _pickle(folder / "meta", {"fine_label_names": names, "coarse_label_names": ["group0", "group1"]})


def _pickle(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol=3))


def _corrupted(root: Path, classes: int = 10) -> None:
    _cifar(root, classes)
    folder = root / f"CIFAR-{classes}-C"
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.tile(np.arange(CLASSES), TEST)
    clean = np.stack([np.asarray(picture(label, row, size=32)) for row, label in enumerate(labels)])
    np.save(folder / "labels.npy", np.tile(labels, 5))
    for name in CORRUPTIONS:  # darker with severity, whatever the corruption is called
        np.save(folder / f"{name}.npy", np.concatenate([clean // severity for severity in range(1, 6)]))


def _elpv(root: Path) -> None:
    for label, row, _ in _rows():
        _save(root / f"images/{label}{row}.png", label, row)
    _text(root / "labels.csv", *(f"images/{label}{row}.png  {label / 3}  mono" for label, row, _ in _rows()))


_WRITERS: dict[str, Callable[[Path], None]] = {
    "imagenet": _imagenet,
    "tiny_imagenet": _tiny_imagenet,
    "cub200": _cub200,
    "stanford_cars": _stanford_cars,
    "stanford_dogs": _stanford_dogs,
    "fgvc_aircraft": _fgvc_aircraft,
    "dtd": _dtd,
    "oxford_pets": _oxford_pets,
    "caltech101": _caltech101,
    "sun397": _sun397,
    "cifar10": _cifar,
    "cifar100": lambda root: _cifar(root, 100),
    "eurosat": _eurosat,
    "cifar10_c": _corrupted,
    "cifar100_c": lambda root: _corrupted(root, 100),
    "omniglot": _omniglot,
    "elpv": _elpv,
}
