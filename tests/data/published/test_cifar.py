"""CIFAR in its several forms, and what must not happen with a pickle."""

from __future__ import annotations

import pickle
import struct

import numpy as np
import pytest
from PIL import Image

from whypretrain.data import build
from whypretrain.errors import InputError


def read(kind, root, size=32, **options):
    return build("mine", {"kind": kind, "root": str(root), **options}, size=size, channels=3, seed=0)


@pytest.mark.parametrize("classes", [10, 100])
def test_cifar_binary_version_is_the_python_version(copies, tmp_path, classes):
    expected = read(f"cifar{classes}", copies / f"cifar{classes}")
    folder = tmp_path / ("cifar-10-batches-bin" if classes == 10 else "cifar-100-binary")
    folder.mkdir()
    source = copies / f"cifar{classes}" / ("cifar-10-batches-py" if classes == 10 else "cifar-100-python")
    for file in source.iterdir():
        found = pickle.loads(file.read_bytes())
        if "data" in found:
            told = [found[key] for key in ("coarse_labels", "fine_labels", "labels") if key in found]
            records = np.concatenate([np.array(told, np.uint8).T, found["data"]], axis=1)
            (folder / f"{file.name}.bin").write_bytes(records.tobytes())
        for key, names in found.items():
            if "names" in key:
                name = "batches.meta" if key == "label_names" else key
                (folder / f"{name}.txt").write_text("\n".join(names) + "\n")
    made = read(f"cifar{classes}", tmp_path)
    assert np.array_equal(made.images, expected.images)
    assert made.manifest.drop(columns="origin").equals(expected.manifest.drop(columns="origin"))


def test_cifar_as_pictures_in_folders(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for shade, name in ((40, "cat"), (200, "dog")):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (32, 32), (shade + number,) * 3).save(tmp_path / split / name / f"{number}.png")
    made = read("cifar10", tmp_path)
    assert made.classes == ["cat", "dog"]
    assert (len(made.split("train")), len(made.split("test"))) == (6, 4)
    assert made.split("test").images[:, 0, 0, 0].tolist() == [40, 41, 200, 201]


def _by_python_2(value) -> bytes:
    """The opcodes that Python 2 wrote for plain values: text and bytes were one type, read as Latin-1."""
    if isinstance(value, dict):
        pairs = b"".join(_by_python_2(key) + _by_python_2(one) for key, one in value.items())
        return b"}(" + pairs + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_by_python_2, value)) + b"e"
    if isinstance(value, int):
        return b"K" + struct.pack("B", value)
    if isinstance(value, np.ndarray):
        shape = b"".join(b"M" + struct.pack("<H", side) for side in value.shape)
        dtype = (
            b"cnumpy\ndtype\n"
            + _by_python_2("u1")
            + b"K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        )
        start = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        return (
            start
            + b"(K\x01"
            + shape
            + b"\x86"
            + dtype
            + b"\x89T"
            + struct.pack("<i", value.nbytes)
            + value.tobytes()
            + b"tb"
        )
    raw = value.encode() if isinstance(value, str) else value
    return b"U" + struct.pack("B", len(raw)) + raw


def test_cifar_as_python_2_pickled_it(copies, tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for file in (copies / "cifar10/cifar-10-batches-py").iterdir():
        (folder / file.name).write_bytes(b"\x80\x02" + _by_python_2(pickle.loads(file.read_bytes())) + b".")
    assert np.array_equal(read("cifar10", tmp_path).images, read("cifar10", copies / "cifar10").images)


class Touch:
    """Creates a file as soon as it is unpickled by the standard unpickler."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return type(self.path).touch, (self.path,)


def test_a_cifar_file_that_is_a_program_is_refused(copies, tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number in range(1, 6):
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(Touch(tmp_path / "ran")))
    with pytest.raises(InputError, match=r"data_batch_1: refused, it asks for .*; nothing of it was run"):
        read("cifar10", tmp_path)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(InputError, match="torchvision:CIFAR10 would run a pickle; use kind: cifar10"):
        read("torchvision:CIFAR10", tmp_path)


def test_superclasses_and_alphabets_are_concepts(copies):
    assert read("cifar100", copies / "cifar100").concepts == ["group0", "group0", "group1", "group1"]
    assert set(read("omniglot", copies / "omniglot").concepts) == {"Greek", "Latin"}


def test_corruption_and_severity(copies):
    mild, hard = (read("cifar10_c", copies / "cifar10_c", corruption="fog", severity=severity) for severity in (1, 5))
    assert np.array_equal(mild.split("train").images, read("cifar10", copies / "cifar10").split("train").images)
    assert np.array_equal(hard.split("test").images, mild.split("test").images // 5)
    every = read("cifar10_c", copies / "cifar10_c", corruption="fog", severity=None).split("test")
    assert every.manifest["origin"].str.split().str[1].value_counts().to_dict() == dict.fromkeys("12345", 12)
    assert np.array_equal(every.images[-12:], hard.split("test").images)
    with pytest.raises(InputError, match="corruption: 'rain' is none of gaussian_noise"):
        read("cifar10_c", copies / "cifar10_c", corruption="rain")
