"""NumPy files, right and wrong."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.data import build
from whypretrain.errors import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8), dtype=np.uint8)
LABELS = np.arange(12) % 3


def read(path, channels=1, **arrays):
    np.savez(path / "set.npz", **arrays)
    return build("set", {"kind": "npz", "path": str(path / "set.npz")}, size=8, channels=channels, seed=0)


def in_file_order(made):
    return np.argsort(made.manifest["origin"].str.split().str[-1].astype(int).to_numpy())


@pytest.mark.parametrize("images", [PIXELS, PIXELS[..., None], PIXELS / 255, (PIXELS / 255).astype(np.float32)])
def test_pixels_of_every_accepted_form(tmp_path, images):
    made = read(tmp_path, images=images, labels=LABELS)
    order = in_file_order(made)
    assert np.array_equal(made.images[order, 0], PIXELS)
    assert np.array_equal(made.labels[order], LABELS)
    assert made.classes == ["0", "1", "2"]
    assert np.bincount(made.split("test").labels).tolist() == [1, 1, 1]


def test_colour_split_and_names(tmp_path):
    split = np.where(np.arange(12) < 9, "train", "test")
    colour = np.stack([PIXELS, PIXELS // 2, PIXELS // 4], axis=-1)
    made = read(tmp_path, channels=3, images=colour, labels=LABELS, split=split, class_names=["x", "y", "z"])
    assert np.array_equal(made.images, colour.transpose(0, 3, 1, 2))
    assert [len(made.split(name)) for name in ("train", "test")] == [9, 3]
    assert made.classes == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": PIXELS[0]}, r"images of shape \(8, 8\)"),
        ({"images": np.zeros((12, 8, 8, 2), np.uint8)}, r"shape \(12, 8, 8, 2\).*C 1 or 3"),
        ({"images": PIXELS.astype(np.int32)}, "images of type int32; use uint8"),
        ({"images": PIXELS.astype(float)}, "floats must lie in"),
        ({"images": np.full((12, 8, 8), np.nan)}, "without NaN"),
        ({"labels": LABELS[:5]}, r"labels of type int64 and shape \(5,\).*shape \(12,\)"),
        ({"labels": LABELS.astype(float)}, "labels of type float64"),
        ({"labels": LABELS - 1}, "labels -1 to 1 for 2 classes"),
        ({"labels": LABELS * 2}, "class 1, 3 has fewer than 1 images"),
        ({"class_names": ["x", "y"]}, "labels 0 to 2 for 2 classes"),
        ({"split": np.full(12, "valid")}, "with valid; use train or test"),
        ({"split": np.full(12, "train")}, "class 0, 1, 2 has fewer than 1 images"),
        ({"labels": LABELS.astype(object)}, "cannot be read"),
    ],
)
def test_bad_arrays(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, **{"images": PIXELS, "labels": LABELS, **change})


def test_bad_files(tmp_path):
    with pytest.raises(InputError, match="has no array labels; it holds images"):
        read(tmp_path, images=PIXELS)
    (tmp_path / "set.npz").write_text("text")
    with pytest.raises(InputError, match=r"set\.npz is not an \.npz file"):
        build("set", {"kind": "npz", "path": str(tmp_path / "set.npz")}, size=8, channels=1, seed=0)
