"""Folders of real PNG and JPEG files made on the spot."""

from __future__ import annotations

import numpy as np
import pytest
from photos import COLOURS, folder, read, write
from PIL import Image

from whypretrain.data import build
from whypretrain.errors import InputError


def test_one_folder_a_class_is_split_by_the_seed(tmp_path):
    made = read(folder(tmp_path), test_fraction=0.4)
    assert made.classes == made.concepts == ["blue", "red"]
    assert np.bincount(made.split("test").labels).tolist() == [2, 2]
    for label, colour in enumerate(COLOURS.values()):
        pixels = made.images[made.labels == label].astype(int)
        assert np.abs(pixels - np.array(colour)[:, None, None]).max() <= 3  # JPEG rounds
    assert (tmp_path / made.manifest["origin"][0]).is_file()


@pytest.mark.parametrize("second", ["test", "val", "validation"])
def test_folders_of_splits(tmp_path, second):
    made = read(folder(tmp_path, "train", second))
    assert made.split("test").manifest["origin"].str.startswith(f"{second}/").all()
    assert made.split("train").manifest["origin"].str.startswith("train/").all()
    assert len(made.split("train")) == len(made.split("test")) == 10


def test_test_goes_before_val_and_sizes_are_few_shot(tmp_path):
    made = read(folder(tmp_path, "train", "val", "test"), train_size=4, test_size=2)
    assert [len(made.split(name)) for name in ("train", "test")] == [4, 2]
    assert made.split("test").manifest["origin"].str.startswith("test/").all()


def test_shorter_side_is_fitted_and_the_centre_kept(tmp_path):
    folder(tmp_path)
    pixels = np.zeros((12, 36, 3), dtype=np.uint8)
    pixels[:, 12:24] = 255  # the centre square
    Image.fromarray(pixels).save(tmp_path / "red" / "wide.png")
    made = read(tmp_path)
    row = made.manifest.index[made.manifest["origin"] == "red/wide.png"][0]
    assert made.images[row].min() > 230  # bicubic rounds the edge


def test_exif_orientation_is_obeyed(tmp_path):
    folder(tmp_path)
    pixels = np.zeros((16, 16, 3), dtype=np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # turned by 180 degrees
    Image.fromarray(pixels).save(tmp_path / "red" / "turned.jpg", exif=exif, quality=95)
    made = read(tmp_path, channels=1)
    image = made.images[made.manifest.index[made.manifest["origin"] == "red/turned.jpg"][0], 0]
    assert image[:3].max() < 60
    assert image[5:].min() > 200


def test_concepts_from_a_mapping_or_a_table(tmp_path):
    folder(tmp_path / "data")
    table = tmp_path / "concepts.csv"
    table.write_text("class_name,concept\nred,warm\nblue,cold\n")
    for concepts in (str(table), {"red": "warm", "blue": "cold"}):
        assert read(tmp_path / "data", concepts=concepts).concepts == ["cold", "warm"]
    with pytest.raises(InputError, match="concepts: none for class blue"):
        read(tmp_path / "data", concepts={"red": "warm"})


def test_every_unreadable_image_is_named(tmp_path):
    folder(tmp_path)
    truncated = tmp_path / "red" / "truncated.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(truncated)
    truncated.write_bytes(truncated.read_bytes()[:900])
    (tmp_path / "blue" / "text.png").write_text("no image")
    with pytest.raises(InputError, match=r"text\.png .*truncated\.jpg") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def test_class_without_images_is_named(tmp_path):
    (folder(tmp_path) / "green").mkdir()
    with pytest.raises(InputError, match=r"data.photos: root: no image in .*green; add images"):
        read(tmp_path)


def test_classes_must_match_between_splits(tmp_path):
    write(folder(tmp_path, "train", "test") / "test" / "green" / "0.png")
    with pytest.raises(InputError, match="class green is not in both splits"):
        read(tmp_path)


def test_wrong_roots(tmp_path):
    with pytest.raises(InputError, match="nowhere is not a folder; it must hold one folder a class"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds 0 class folder\(s\)"):
        read(tmp_path)
    with pytest.raises(InputError, match="has train/ but none of test, val, validation"):
        read(folder(tmp_path, "train"))
    with pytest.raises(InputError, match=r"data.photos: 'root' is missing; add it"):
        build("photos", {"kind": "imagefolder"}, size=8, channels=3, seed=0)
