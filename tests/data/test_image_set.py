"""ImageSet, and its way to disk and back."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from whypretrain.data import ImageSet, assemble, load, save
from whypretrain.errors import InputError


@pytest.fixture
def images() -> ImageSet:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 3, 4, 4), dtype=np.uint8)
    return assemble(
        pixels,
        np.array([1, 0, 2, 1, 0, 2, 2]),
        test=np.array([True, False, False, False, True, False, True]),
        classes=["ant", "bee", "cow"],
        concepts=["insect", "insect", "mammal"],
        origins=[f"file {row}" for row in range(7)],
    )


def test_assemble_puts_training_images_first_and_keeps_rows_together(images):
    assert images.manifest["split"].tolist() == ["train"] * 4 + ["test"] * 3
    assert images.manifest["origin"].tolist() == [f"file {row}" for row in (1, 2, 3, 5, 0, 4, 6)]
    assert images.labels.tolist() == [0, 2, 1, 2, 1, 0, 2]
    assert images.labels.dtype == np.int64
    assert images.classes == ["ant", "bee", "cow"]
    assert images.concepts == ["insect", "insect", "mammal"]
    assert images.manifest["id"].is_unique


def test_split_is_a_view_with_matching_rows(images):
    test = images.split("test")
    assert len(test) == 3
    assert np.shares_memory(test.images, images.images)
    assert np.array_equal(test.images, images.images[4:])
    assert test.manifest.index.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match=r"'valid'.*train, test"):
        images.split("valid")


def test_round_trip(images, tmp_path):
    save(images, tmp_path)
    read = load(tmp_path)
    assert isinstance(read.images, np.memmap)
    assert np.array_equal(read.images, images.images)
    assert read.manifest.equals(images.manifest)


def test_data_json_describes_the_training_images(images, tmp_path):
    save(ImageSet(images.images, images.manifest, {"name": "zoo", "licence": "CC0"}), tmp_path)
    about = json.loads((tmp_path / "data.json").read_text())
    training = images.images[:4] / 255
    assert np.allclose(about["mean"], [training[:, c].mean() for c in range(3)], atol=1e-6)
    assert np.allclose(about["std"], [training[:, c].std() for c in range(3)], atol=1e-6)
    assert about["counts"] == {"train": [1, 1, 2], "test": [1, 1, 1]}
    assert (about["name"], about["licence"], about["shape"]) == ("zoo", "CC0", [3, 4, 4])
    assert about["images_sha256"] == hashlib.sha256((tmp_path / "images.npy").read_bytes()).hexdigest()


def test_same_set_same_bytes(images, tmp_path):
    for folder in ("one", "two"):
        save(images, tmp_path / folder)
    for name in ("images.npy", "manifest.parquet", "data.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", ["images.npy", "manifest.parquet", "data.json"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\0garbage" * 9, None])
def test_load_names_the_corrupt_file(images, tmp_path, name, damage):
    save(images, tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if damage is not None:
        path.write_bytes(damage(content))
    with pytest.raises(InputError, match=name) as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["manifest.parquet", "data.json"])
def test_load_finds_files_that_disagree(images, tmp_path, name):
    save(images, tmp_path / "all")
    save(images.take(np.arange(5)), tmp_path / "five")
    (tmp_path / "five" / name).replace(tmp_path / "all" / name)
    with pytest.raises(InputError, match=rf"{name}: counts 5 images where images.npy holds 7"):
        load(tmp_path / "all")


def test_load_refuses_pixels_of_another_type_and_a_manifest_without_columns(images, tmp_path):
    save(images, tmp_path)
    np.save(tmp_path / "images.npy", images.images / 255)
    with pytest.raises(InputError, match=r"images\.npy: float64 of shape \(7, 3, 4, 4\)"):
        load(tmp_path)
    save(images, tmp_path)
    images.manifest.drop(columns="concept").to_parquet(tmp_path / "manifest.parquet")
    with pytest.raises(InputError, match=r"manifest\.parquet: no column concept"):
        load(tmp_path)
