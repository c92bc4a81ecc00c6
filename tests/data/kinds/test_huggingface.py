"""Local folders in the formats of the Hugging Face hub, written by the package that people write them with."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from photos import folder
from PIL import Image

from whypretrain.data import build, load, save
from whypretrain.errors import InputError

hub = pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="pip install 'whypretrain[hub]'")


@pytest.fixture(autouse=True)
def _apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))


def read(**options):
    return build("photos", {"kind": "huggingface", **options}, size=8, channels=3, seed=0)


def colour(row):
    return (row * 20, 100, 200 - row * 20)


def rows(number, kind="ClassLabel", labels=None):
    """Pictures of one colour each, the classes in turn."""
    from datasets import ClassLabel, Dataset, Features, Value
    from datasets import Image as Pictures

    names = ["dog", "cat"]
    values = labels or [row % 2 if kind in ("ClassLabel", "int64") else names[row % 2] for row in range(number)]
    features = {"picture": Pictures(), "label": ClassLabel(names=names) if kind == "ClassLabel" else Value(kind)}
    made = {"picture": [Image.new("RGB", (10, 10), colour(row)) for row in range(number)], "label": values}
    return Dataset.from_dict(made, features=Features(features))


def parquet(place, **splits):
    for name, part in splits.items():
        part.to_parquet(place / f"data/{name}-00000-of-00001.parquet")
    return str(place)


def refused(match, **options):
    with pytest.raises(InputError, match=match) as caught:
        read(**options)
    assert "\n" not in str(caught.value)


@hub
@pytest.mark.parametrize("how", ["parquet", "save_to_disk"])
def test_splits_classes_and_pixels(tmp_path, how):
    from datasets import DatasetDict

    if how == "parquet":
        root = parquet(tmp_path / "set", train=rows(8), validation=rows(4))
    else:
        DatasetDict(train=rows(8), validation=rows(4)).save_to_disk(root := str(tmp_path / "set"))
    save(read(root=root), tmp_path / "saved")
    made = load(tmp_path / "saved")
    assert made.classes == ["dog", "cat"]
    assert made.manifest["origin"].tolist() == [f"train {n}" for n in range(8)] + [f"validation {n}" for n in range(4)]
    assert made.labels.tolist() == [0, 1] * 6
    for row in range(8):
        assert made.images[row, :, 4, 4].tolist() == list(colour(row))
    assert made.about["splits"] == {"train": "train", "test": "validation", "unused": []}


@hub
def test_sentences(tmp_path):
    """A text set: its splits are kept, and an empty sentence or an unknown column is named."""
    from datasets import ClassLabel, Dataset, Features, Value

    def part(texts):
        features = Features({"sentence": Value("string"), "label": ClassLabel(names=["bad", "good"])})
        return Dataset.from_dict(
            {"sentence": texts, "label": [row % 2 for row in range(len(texts))]}, features=features
        )

    texts = ["dull", "fine work", "slow", "good fun"]
    root = parquet(tmp_path / "set", train=part(texts), validation=part(texts[::-1]))
    made = read(root=root, text="sentence")
    assert made.classes == ["bad", "good"]
    assert made.split("train").images.tolist() == texts
    assert made.split("test").images.tolist() == texts[::-1]
    assert made.manifest["origin"].tolist()[4] == "validation 0"
    refused("text: no column 'text'; there are sentence, label", root=root, text="text")
    refused("train 1", root=parquet(tmp_path / "empty", train=part(["dull", " ", "slow", "good"])), text="sentence")


@hub
def test_a_folder_of_image_files(tmp_path):
    made = read(root=str(folder(tmp_path / "set", "train", "test", count=3)))
    assert made.classes == ["blue", "red"]
    assert [len(made.split(name)) for name in ("train", "test")] == [6, 6]
    assert np.abs(made.images[made.labels == 1][:, 0].astype(int) - 220).max() <= 3


@hub
@pytest.mark.parametrize(("kind", "classes"), [("string", ["cat", "dog"]), ("int64", ["0", "1"])])
def test_classes_that_are_values_and_a_split_that_is_drawn(tmp_path, kind, classes):
    made = read(root=parquet(tmp_path / "set", train=rows(10, kind)), test_fraction=0.4)
    assert made.classes == classes
    assert np.bincount(made.split("test").labels).tolist() == [2, 2]
    [row] = np.flatnonzero(made.manifest["origin"] == "train 3")
    assert made.manifest["class_name"][row] == ("cat" if kind == "string" else "1")
    assert made.about["splits"] == {"drawn": 0.4, "unused": []}


@hub
def test_changed_files_are_read_again_though_their_times_are_kept(tmp_path):
    import os

    root = parquet(tmp_path / "set", train=rows(8), test=rows(4))
    read(root=root)
    path = tmp_path / "set/data/train-00000-of-00001.parquet"
    times = path.stat()
    parquet(tmp_path / "set", train=rows(8, labels=[1, 0] * 4))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert read(root=root).split("train").labels.tolist() == [1, 0] * 4


@hub
def test_broken_pictures_are_named_or_skipped(tmp_path):
    from datasets import Dataset, Features, Value
    from datasets import Image as Pictures

    good = rows(6, "string")
    cells = [{"bytes": b"no picture", "path": None}, *({"bytes": each["bytes"], "path": None} for each in _bytes(good))]
    features = Features({"picture": Pictures(decode=False), "label": Value("string")})
    made = Dataset.from_dict({"picture": cells, "label": ["cat", *good["label"]]}, features=features)
    root = parquet(tmp_path / "set", train=made.cast_column("picture", Pictures()))
    refused(r"unreadable images; .*train 0 \(cannot identify image file", root=root)
    assert read(root=root, on_broken="skip").about["skipped"] == {"number": 1, "origins": ["train 0"]}


def _bytes(part):
    from datasets import Image as Pictures

    return part.cast_column("picture", Pictures(decode=False))["picture"]


@hub
def test_what_does_not_fit_is_named(tmp_path):
    root = parquet(tmp_path / "set", train=rows(4), test=rows(4, labels=[-1] * 4))
    refused(r"label: column label of split test holds -1", root=root)
    refused(r"train: no split 'training'; .*set has train, test", root=root, train="training")
    refused(r"label: name the column of classes; there are picture, label", root=root, label="class")
    refused(r"image: name the column of images; there are picture, label", root=root, image="label")
    refused(r"root: .*nowhere cannot be read \(it is not a folder\); check the folder", root=str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    refused(r"root: .*empty cannot be read \(.*\); check the folder", root=str(tmp_path / "empty"))


@hub
def test_without_the_network_one_line_says_so(monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    refused(r"name: nobody/nothing cannot be read \(.*\); check the name, the revision and the network",
            name="nobody/nothing", revision="main")  # fmt: skip


def test_without_the_package_one_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    refused(r"kind: huggingface needs the package datasets; pip install 'whypretrain\[hub\]'", root="photos")


def test_a_place_is_needed_and_a_pin():
    refused("root: give the folder, or name and revision of a data set on the hub")
    refused("root: give the folder, or name and revision", root="a", name="b/c")
    refused("revision: give the commit or tag of b/c that is to be read", name="b/c")
