"""Published data sets in miniature, each written in its own format on disk and read by the reader of the real one."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from whypretrain.data import CATALOGUE, build, load, save
from whypretrain.data.pictures import Pictures
from whypretrain.data.published.miniature import CLASSES, TEST, TRAIN, picture, write_miniatures
from whypretrain.errors import InputError

#: Training and test images of each copy where they are not TRAIN and TEST a class.
SIZES = {
    "imagenet": (60, 12),
    "caltech101": (32, 4),
    "eurosat": (28, 8),
    "omniglot": (56, 16),
    "elpv": (28, 8),
    "cifar10": (120, 24),
    "cifar100": (24, 24),
    "cifar10_c": (120, 180),
    "cifar100_c": (24, 180),
}


def read(kind, root, size=32, **options):
    return build("mine", {"kind": kind, "root": str(root), **options}, size=size, channels=3, seed=0)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_published_set_is_read_in_its_own_format(copies, kind):
    made = read(kind, copies / kind)
    train, test = SIZES.get(kind, (CLASSES * TRAIN, CLASSES * TEST))
    assert (len(made.split("train")), len(made.split("test"))) == (train, test)
    assert set(made.split("train").labels) == set(made.split("test").labels) == set(range(len(made.classes)))
    assert made.about["complete"] is False
    assert made.about["metric"] == CATALOGUE[kind].metric
    assert not made.manifest["origin"].str.contains(str(copies)).any()


@pytest.mark.parametrize("kind", [kind for kind in CATALOGUE if "cifar" not in kind and kind != "imagenet"])
def test_labels_belong_to_their_pictures(copies, kind):
    """The pictures of a class have its hue: the mean colour is nearest to that of the class's own drawings."""
    made = read(kind, copies / kind)
    hues = np.stack([np.asarray(picture(label, 0)).mean((0, 1)) for label in range(CLASSES)])
    seen = made.images.mean((2, 3))
    nearest = np.linalg.norm(seen[:, None] - hues, axis=2).argmin(1)
    assert np.array_equal(nearest, made.labels % CLASSES)


def test_a_split_is_the_official_one(copies):
    made = read("cub200", copies / "cub200")
    told = (copies / "cub200/CUB_200_2011/train_test_split.txt").read_text().split()[1::2]
    names = (copies / "cub200/CUB_200_2011/images.txt").read_text().split()[1::2]
    official = {f"CUB_200_2011/images/{name}": flag for name, flag in zip(names, told, strict=True)}
    assert set(made.split("train").manifest["origin"]) == {name for name, flag in official.items() if flag == "1"}


def test_thirty_of_each_class_are_trained_on(tmp_path):
    for label, count in enumerate((31, 40)):
        folder = tmp_path / "caltech101/101_ObjectCategories" / f"object_{label}"
        folder.mkdir(parents=True)
        for row in range(1, count + 1):
            Image.new("RGB", (12, 12)).save(folder / f"image_{row:04d}.jpg")
    (tmp_path / "caltech101/101_ObjectCategories/BACKGROUND_Google").mkdir()
    made = read("caltech101", tmp_path, size=8)
    assert np.bincount(made.split("train").labels).tolist() == [30, 30]
    assert np.bincount(made.split("test").labels).tolist() == [1, 10]


def test_imagenet_with_its_development_kit(copies, tmp_path):
    """Validation images lie in one folder; the kit counts classes from 1, not in the order of their names."""
    wnids = ["n02", "n01", "n03"]
    for number, wnid in enumerate(wnids, 1):
        for split in ("train", "val"):
            folder = tmp_path / split / (wnid if split == "train" else "")
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{wnid}_1" if split == "train" else f"ILSVRC2012_val_{number:08d}"
            picture(number, 0).save(folder / f"{name}.JPEG")
    kit = tmp_path / "ILSVRC2012_devkit_t12/data"
    kit.mkdir(parents=True)
    kind = np.dtype([("ILSVRC2012_ID", object), ("WNID", object)])
    savemat(kit / "meta.mat", {"synsets": np.array(list(enumerate(wnids, 1)), kind)})
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n2\n3\n")
    made = read("imagenet", tmp_path)
    assert made.split("test").labels.tolist() == [1, 0, 2]
    assert made.classes == ["n01", "n02", "n03"]
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("1\n2\n")
    with pytest.raises(InputError, match="holds 3 images, the development kit 2"):
        read("imagenet", tmp_path)


@pytest.mark.parametrize("name", ["OxfordIIITPet", "DTD", "FGVCAircraft", "EuroSAT", "Caltech101"])
def test_any_class_of_torchvision(copies, name):
    kinds = {"OxfordIIITPet": "oxford_pets", "FGVCAircraft": "fgvc_aircraft"}
    made = read(f"torchvision:{name}", copies / kinds.get(name, name.lower()))
    assert len(made.classes) == CLASSES
    assert len(made) == CLASSES * (TRAIN + TEST) - (name == "DTD") * CLASSES * TRAIN // 2  # its val is a third split


def test_torchvision_classes_that_do_not_classify(copies, tmp_path):
    for name in ("Nothing", "FakeData"):
        with pytest.raises(InputError, match=f"torchvision has no data set '{name}' on disk"):
            read(f"torchvision:{name}", copies)
    folder = tmp_path / "VOCdevkit/VOC2012"
    for place in ("JPEGImages/1.jpg", "SegmentationClass/1.png"):
        (folder / place).parent.mkdir(parents=True)
        picture(0, 0).save(folder / place)
    (folder / "ImageSets/Segmentation").mkdir(parents=True)
    (folder / "ImageSets/Segmentation/train.txt").write_text("1\n")
    with pytest.raises(InputError, match="torchvision:VOCSegmentation has no class label an image"):
        read("torchvision:VOCSegmentation", tmp_path)


MISSING = {
    "cub200": ("CUB_200_2011/train_test_split.txt", "train_test_split.txt is missing; .* must hold CUB_200_2011/"),
    "sun397": ("Partitions/Testing_01.txt", "Testing_01.txt is missing; .* must hold SUN397/"),
    "stanford_dogs": ("test_list.mat", "test_list.mat is missing"),
    "stanford_cars": ("stanford_cars/cars_test_annos_withlabels.mat", "Dataset not found.*must hold stanford_cars/"),
    "dtd": ("dtd/dtd/labels/val1.txt", "val1.txt is missing"),
    "fgvc_aircraft": ("fgvc-aircraft-2013b/data/images_variant_test.txt", "images_variant_test.txt is missing"),
    "oxford_pets": ("oxford-iiit-pet/annotations/test.txt", "test.txt is missing"),
    "cifar10": ("cifar-10-batches-py/test_batch", "test_batch is missing"),
    "cifar10_c": ("CIFAR-10-C/fog.npy", "fog.npy is missing"),
}


@pytest.mark.parametrize("kind", MISSING)
def test_a_missing_list_is_named_in_one_line(tmp_path, kind):
    write_miniatures(tmp_path)
    file, message = MISSING[kind]
    (tmp_path / kind / file).unlink()
    with pytest.raises(InputError, match=message) as caught:
        read(kind, tmp_path / kind)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_a_wrong_root_tells_how_to_get_the_set(tmp_path, kind):
    with pytest.raises(InputError, match=rf"whypretrain fetch {kind} |get it yourself: http.*lay it out as") as caught:
        read(kind, tmp_path / "nowhere")
    assert "\n" not in str(caught.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"data\.mine: root: .*must hold|is not a folder"):
        read(kind, tmp_path / "empty")


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_broken_pictures_are_named_or_skipped_and_counted(tmp_path):
    write_miniatures(tmp_path)
    names = ["cars_train/00000.jpg", "cars_test/00003.jpg"]
    for name in names:
        truncate(tmp_path / "stanford_cars/stanford_cars" / name)
    with pytest.raises(InputError, match=r"set on_broken: skip: .*00000\.jpg .*00003\.jpg") as caught:
        read("stanford_cars", tmp_path / "stanford_cars")
    assert "\n" not in str(caught.value)
    made = read("stanford_cars", tmp_path / "stanford_cars", on_broken="skip")
    assert (len(made.split("train")), len(made.split("test"))) == (23, 11)
    save(made, tmp_path / "saved")
    about = json.loads((tmp_path / "saved/data.json").read_text())
    assert about["skipped"] == {"number": 2, "origins": [f"stanford_cars/{name}" for name in names]}
    assert about["images"] == 34


def test_undecoded_pictures_are_saved_as_decoded_ones(tmp_path, monkeypatch):
    """In pieces of three images, by two threads, with a broken one among them: the same three files."""
    write_miniatures(tmp_path)
    truncate(tmp_path / "cub200/CUB_200_2011/images/002.Bird_1/Bird_0002.jpg")
    spec = {"kind": "cub200", "root": str(tmp_path / "cub200"), "on_broken": "skip", "train_size": 20}
    save(build("birds", spec, size=16, channels=3, seed=0), tmp_path / "whole")
    monkeypatch.setattr("whypretrain.data.pictures._PIECE", 3 * 3 * 16 * 16)
    lazily = build("birds", spec, size=16, channels=3, seed=0, decode=False)
    assert isinstance(lazily.images, Pictures)
    assert max(len(piece) for piece in lazily.images.pieces()) == 3
    save(lazily, tmp_path / "pieces", threads=2)
    for name in ("images.npy", "manifest.parquet", "data.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "pieces" / name).read_bytes()
    assert np.array_equal(load(tmp_path / "pieces").images, np.load(tmp_path / "whole/images.npy"))


def test_a_class_that_loses_all_its_pictures_is_named(tmp_path):
    write_miniatures(tmp_path)
    for row in range(TRAIN):
        truncate(tmp_path / f"cub200/CUB_200_2011/images/003.Bird_2/Bird_{row:04d}.jpg")
    with pytest.raises(InputError, match=r"decoded: class 003\.Bird_2 has fewer than 1 images"):
        read("cub200", tmp_path / "cub200", on_broken="skip")


def test_concepts_by_the_authors_lists(copies, tmp_path):
    wnids = sorted(path.name for path in (copies / "imagenet/train").iterdir())
    (tmp_path / "class_path.pkl").write_bytes(pickle.dumps(wnids))
    (tmp_path / "class_concept.pkl").write_bytes(pickle.dumps(["fish", "bird", "bird", "dog", "device", "device"]))
    made = read("imagenet", copies / "imagenet", concepts=str(tmp_path / "class_concept.pkl"))
    assert made.concepts == ["fish", "bird", "bird", "dog", "device", "device"]


def test_classes_of_tiny_imagenet_are_words_and_concepts_hypernyms(copies):
    made = read("tiny_imagenet", copies / "tiny_imagenet")
    assert made.classes == ["n02085620", "word n02085621", "word n02085622", "word n02085623"]  # words.txt lacks one
    assert made.concepts == ["dog", *made.classes[1:]]  # of the archive's classes, but for made-up ids


def test_an_annotation_of_an_unknown_class_is_named(tmp_path):
    write_miniatures(tmp_path)
    folder = tmp_path / "tiny_imagenet/tiny-imagenet-200"
    (folder / "wnids.txt").write_text("n02085620\nn02085621\n")
    with pytest.raises(InputError, match=r"val_annotations.txt of .* names n02085622, which wnids.txt lacks"):
        read("tiny_imagenet", tmp_path / "tiny_imagenet")
