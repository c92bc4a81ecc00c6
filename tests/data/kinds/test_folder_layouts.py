"""Folders as people have them: splits of any name, what systems leave behind, links, names of any bytes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from photos import COLOURS, folder, pixels, read, write

from whypretrain.data import load, save
from whypretrain.errors import InputError


def split_folders(made):
    """The first folder of the images of each split."""
    return [set(made.split(name).manifest["origin"].str.split("/").str[0]) for name in ("train", "test")]


def refused(root, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        read(root, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Train", "Test"),
        ("training", "testing"),
        ("TRAIN", "valid"),
        ("train", "Validation"),
        ("train_set", "test-set"),
    ],
)
def test_splits_are_known_by_other_names_and_without_regard_to_case(tmp_path, train, test):
    made = read(folder(tmp_path, train, test))
    assert made.classes == ["blue", "red"]
    assert split_folders(made) == [{train}, {test}]
    assert made.about["splits"] == {"train": train, "test": test, "unused": []}


def test_folders_named_like_splits_are_no_classes(tmp_path):
    refused(folder(tmp_path / "a", "val", "Test"), r"has Test, val, named like a split; it must hold")
    refused(folder(tmp_path / "b", "Train"), r"has Train/ but none of test, val, validation with class folders in it")
    write(folder(tmp_path / "d", "train", "test") / "train/val/0.png")
    refused(tmp_path / "d", r"d/train has val, named like a split; it must hold one folder a class")
    refused(folder(tmp_path / "c", "train", "Train", "test"), r"has Train and train, two splits of one name")


def test_the_split_of_every_class_is_used(tmp_path):
    for name, colour in COLOURS.items():
        for split, count in (("Train", 4), ("test", 2), ("val", 3)):
            for row in range(count):
                write(tmp_path / name / split / f"{row}.png", colour)
    made = read(tmp_path)
    assert made.classes == ["blue", "red"]
    assert made.split("train").manifest["origin"].str.contains("/Train/").all()
    assert made.split("test").manifest["origin"].str.contains("/test/").all()
    assert [len(made.split(name)) for name in ("train", "test")] == [8, 4]
    assert made.about["splits"] == {"train": "CLASS/train", "test": "CLASS/test", "unused": ["val"]}
    for path in (tmp_path / "red/test").iterdir():
        path.unlink()
    (tmp_path / "red/test").rmdir()
    assert read(tmp_path).about["splits"]["test"] == "CLASS/val", "the first that every class has"
    write(tmp_path / "green/0.png")
    refused(tmp_path, r"green holds no split; every class needs train and the same of test, val")


def test_a_flat_test_folder_leaves_the_test_split_to_val(tmp_path):
    folder(tmp_path, "train", "val")
    write(tmp_path / "test/unlabelled.jpg")
    made = read(tmp_path)
    assert split_folders(made) == [{"train"}, {"val"}]
    assert made.about["splits"]["unused"] == ["test"]


def test_a_class_that_holds_only_folders_is_refused(tmp_path):
    for name in ("animals/cat", "animals/dog", "plants/oak", "plants/elm"):
        write(tmp_path / "photos" / name / "0.png")
    refused(tmp_path / "photos", r"photos/animals holds folders and no image; if those are the classes, set root to it")
    refused(tmp_path, r"holds 1 class folder\(s\); .*; if .*/photos holds the classes, set root to it")


def test_folders_below_a_class_are_read_but_not_if_named_like_a_split(tmp_path):
    write(folder(tmp_path) / "red/more/0.png", COLOURS["red"])
    made = read(tmp_path)
    assert pixels(made, "red/more/0.png")[0].min() > 200
    write(tmp_path / "red/more/Test/0.png")
    refused(tmp_path, r"red/more/Test is named like a split, within a class")


LEFT_BEHIND = [
    "red/.ipynb_checkpoints/x-checkpoint.png",
    "red/._0.png",
    "red/.DS_Store",
    "red/Thumbs.db",
    "red/desktop.ini",
    "red/@eaDir/0.jpg/SYNOPHOTO_THUMB_M.jpg",
    ".git/objects/0.png",
    "__MACOSX/red/._0.png",
    "$RECYCLE.BIN/0.png",
    "System Volume Information/0.png",
    ".ipynb_checkpoints/1.png",
]


@pytest.mark.parametrize("splits", [(), ("train", "test")])
def test_what_is_hidden_or_of_the_system_is_left_out_at_every_level(tmp_path, splits):
    folder(tmp_path, *splits)
    before = read(tmp_path)
    for split in splits or ("",):
        for name in LEFT_BEHIND:
            path = tmp_path / split / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"not a picture")
    made = read(tmp_path)
    assert made.manifest.equals(before.manifest)
    np.testing.assert_array_equal(made.images, before.images)
    assert made.about["files"]["left_out"] == {"hidden or of the system": len(LEFT_BEHIND) * max(1, len(splits))}


def test_everything_else_that_is_left_out_is_counted_by_ending(tmp_path):
    folder(tmp_path)
    for name in ("red/a.heic", "red/b.HEIC", "blue/notes.txt", "blue/more/x.xyz", "labels.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no picture")
    os.mkfifo(tmp_path / "red/pipe.png")
    (tmp_path / "red/folder.png").mkdir()
    files = read(tmp_path).about["files"]
    counts = {".heic": 2, ".txt": 1, ".xyz": 1, "outside the class folders": 1, "no regular file": 1}
    assert files == {"found": 16, "images": 10, "left_out": dict(sorted(counts.items()))}


def test_a_class_of_which_all_is_left_out_says_so(tmp_path):
    folder(tmp_path)
    (tmp_path / "green").mkdir()
    (tmp_path / "green/0.heic").write_text("no picture that Pillow reads")
    refused(tmp_path, r"no image in .*green; add images or remove it; left out: 1 \.heic")


def test_a_linked_folder_of_images_is_read_once(tmp_path):
    root = folder(tmp_path / "root")
    for row in range(3):
        write(tmp_path / "elsewhere" / f"{row}.png", COLOURS["red"])
    (root / "red/more").symlink_to(tmp_path / "elsewhere")
    (root / "red/again").symlink_to(tmp_path / "elsewhere")
    (root / "red/circle").symlink_to(root / "red")
    (tmp_path / "elsewhere/up").symlink_to(root)
    made = read(root)
    assert np.bincount(made.labels).tolist() == [5, 8]
    assert made.about["files"]["left_out"] == {"folder linked to twice": 3}


@pytest.mark.parametrize("splits", [(), ("train", "test")])
def test_a_folder_in_two_classes_is_refused(tmp_path, splits):
    folder(tmp_path, *splits)
    at = splits[0] if splits else "."
    (tmp_path / at / "blue/more").symlink_to(tmp_path / at / "red")
    refused(tmp_path, r"blue/more is the same folder as .*red, or one in it; remove one of the two")
    (tmp_path / at / "blue/more").unlink()
    (tmp_path / at / "green").symlink_to(tmp_path / at / "red")
    refused(tmp_path, r"same folder|green is not in both splits")


def test_training_images_as_the_test_split_are_refused(tmp_path):
    folder(tmp_path, "train")
    (tmp_path / "test").symlink_to(tmp_path / "train")
    refused(tmp_path, r"test/blue is the same folder as .*train/blue")


def test_class_folders_may_be_links(tmp_path):
    folder(tmp_path / "store")
    (tmp_path / "root").mkdir()
    for name in COLOURS:
        (tmp_path / "root" / name.upper()).symlink_to(tmp_path / "store" / name)
    assert read(tmp_path / "root").classes == ["BLUE", "RED"]


def test_names_that_are_not_utf_8(tmp_path):
    root = folder(tmp_path / "root")
    os.rename(os.fsencode(root / "red/1.png"), os.fsencode(root / "red") + b"/caf\xe9.png")
    os.rename(os.fsencode(root / "blue"), os.fsencode(root) + b"/bl\xfce")
    save(read(root), tmp_path / "saved")
    made = load(tmp_path / "saved")
    assert made.classes == ["bl\\xfce", "red"]
    assert "red/caf\\xe9.png" in made.manifest["origin"].tolist()
    (root / "red/broken.png").write_text("no picture")
    os.rename(root / "red/broken.png", os.fsencode(root / "red") + b"/br\xf6ken.png")
    refused(root, r"red/br\\xf6ken\.png")


def spoil(root, *names):
    for name in names:
        (root / name).write_bytes(b"\x89PNG\r\n\x1a\nbroken")


def test_drawn_splits_and_sizes_are_drawn_among_sound_images(tmp_path):
    root = folder(tmp_path, count=20)
    spoil(root, *(f"red/{row}.{'png' if row % 2 else 'jpg'}" for row in range(12)))
    made = read(root, on_broken="skip", test_fraction=0.5, train_size=8)
    counts = [np.bincount(made.split(name).labels).tolist() for name in ("train", "test")]
    assert counts == [[4, 4], [10, 4]], "half of 8 sound ones, not what is left of half of 20"
    assert made.about["skipped"]["number"] == 12
    assert read(root, on_broken="skip").manifest["id"].is_unique


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_whose_images_are_all_broken_in_one_split_is_named(tmp_path, split):
    root = folder(tmp_path, "train", "test")
    spoil(root, *(f"{split}/red/{row}.{'png' if row % 2 else 'jpg'}" for row in range(5)))
    refused(root, rf"{split} images that can be decoded: class red has fewer than 1 images", on_broken="skip")


def test_planning_decodes_nothing(tmp_path, monkeypatch):
    from whypretrain.data.pictures import Pictures
    from whypretrain.data.sizes import expected_size

    spec = {"kind": "imagefolder", "root": str(folder(tmp_path)), "on_broken": "skip"}
    monkeypatch.setattr(Pictures, "_decoded", None)
    assert expected_size(spec) == (8, 2, 2)
