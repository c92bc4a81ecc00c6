"""Class-mean files: what is read, and what is refused before it can run."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from whypretrain.data.class_means import load_class_means, load_list
from whypretrain.errors import InputError

MEANS = np.random.default_rng(0).random((5, 3))


class Touch:
    """Creates a file as soon as it is unpickled by the standard unpickler."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


class Call:
    """Calls anything by name when unpickled."""

    def __init__(self, function, *arguments) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", range(3, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", ">f8"])
def test_pickled_arrays(tmp_path, protocol, dtype):
    means = (MEANS * 10).astype(dtype)
    (tmp_path / "means.pkl").write_bytes(pickle.dumps(means, protocol))
    np.testing.assert_array_equal(load_class_means(tmp_path / "means.pkl"), means)


def test_pickle_of_numpy_1(tmp_path):
    """Files from before NumPy 2 name the module numpy.core."""
    text = pickle.dumps(MEANS, 3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert b"numpy.core" in text
    (tmp_path / "means.pkl").write_bytes(text)
    np.testing.assert_array_equal(load_class_means(tmp_path / "means.pkl"), MEANS)


def test_npy_and_npz(tmp_path):
    np.save(tmp_path / "means.npy", MEANS)
    np.savez(tmp_path / "one.npz", anything=MEANS)
    np.savez(tmp_path / "two.npz", class_means=MEANS, class_counts=np.arange(5))
    for name in ("means.npy", "one.npz", "two.npz"):
        np.testing.assert_array_equal(load_class_means(tmp_path / name), MEANS)
    np.testing.assert_array_equal(load_class_means(tmp_path / "two.npz", key="class_counts"), np.arange(5))


def test_malicious_pickle_is_refused_and_runs_nothing(tmp_path):
    marker, file = tmp_path / "marker", tmp_path / "means.pkl"
    file.write_bytes(pickle.dumps([MEANS, Touch(marker)]))
    pickle.loads(file.read_bytes())
    assert marker.exists()  # it is malicious
    marker.unlink()
    for load in (load_class_means, load_list):
        with pytest.raises(InputError, match=r"refused, it asks for .*; nothing of it was run"):
            load(file)
    assert not marker.exists()


@pytest.mark.parametrize("function", [os.system, eval, print, np.load, np.fromfile, np.ndarray.tofile, getattr])
def test_other_functions_are_refused(tmp_path, function):
    (tmp_path / "means.pkl").write_bytes(pickle.dumps(Call(function, "1"), 4))
    with pytest.raises(InputError, match="refused"):
        load_class_means(tmp_path / "means.pkl")


def test_array_of_objects_is_refused(tmp_path):
    marker = tmp_path / "marker"
    (tmp_path / "means.pkl").write_bytes(pickle.dumps(np.array([Touch(marker)], dtype=object)))
    with pytest.raises(InputError, match="refused"):
        load_class_means(tmp_path / "means.pkl")
    assert not marker.exists()
    np.save(tmp_path / "means.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"not a readable \.npy file"):
        load_class_means(tmp_path / "means.npy")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a pickle of the expected kind"),
        (b"\x80\x04nonsense", "not a pickle of the expected kind|refused"),
        (pickle.dumps(MEANS)[:-40], "not a pickle of the expected kind|refused"),
        (pickle.dumps([1, 2]), "holds a list, not an array of numbers"),
        (pickle.dumps(np.array(["a"])), "holds an array of <U1, not an array of numbers"),
    ],
)
def test_broken_pickle_is_named(tmp_path, content, message):
    (tmp_path / "means.pkl").write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_class_means(tmp_path / "means.pkl")


@pytest.mark.parametrize("name", ["means.npy", "means.npz", "means.pkl"])
def test_missing_and_broken_files_are_named(tmp_path, name):
    with pytest.raises(InputError, match=name):
        load_class_means(tmp_path / name)
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(InputError, match=name):
        load_class_means(tmp_path / name)


def test_other_suffixes_and_missing_entries_are_named(tmp_path):
    with pytest.raises(InputError, match=r".csv is not one of .npy, .npz, .pkl"):
        load_class_means(tmp_path / "means.csv")
    np.savez(tmp_path / "means.npz", a=MEANS, b=MEANS)
    with pytest.raises(InputError, match="has no entry class_means, only a, b"):
        load_class_means(tmp_path / "means.npz")


def test_lists_of_strings(tmp_path):
    (tmp_path / "names.pkl").write_bytes(pickle.dumps(["tench", "goldfish"], 3))
    assert load_list(tmp_path / "names.pkl") == ["tench", "goldfish"]
    for other in ([1, 2], {"a": 1}, "tench"):
        (tmp_path / "names.pkl").write_bytes(pickle.dumps(other))
        with pytest.raises(InputError, match="not a list of strings"):
            load_list(tmp_path / "names.pkl")
    (tmp_path / "names.pkl").write_bytes(pickle.dumps(MEANS))
    with pytest.raises(InputError, match="refused"):
        load_list(tmp_path / "names.pkl")
