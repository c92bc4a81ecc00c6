"""Class means made by others: arrays from .npz, .npy, and pickles that may hold nothing but NumPy arrays."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain.errors import InputError

_ARRAY_PARTS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
}


def load_class_means(path: str | Path, *, key: str = "class_means") -> np.ndarray:
    """Load a numeric array, e.g. class means (classes, dimensions) or class counts (classes,).

    Args:
        path: .npy, .npz (its entry `key`, or its only entry), or .pkl with a NumPy array and nothing else.
        key: the entry of an .npz file.

    Raises:
        InputError: if the file is missing, broken, of another kind, or a pickle asks for anything but NumPy
            arrays; what it asks for is not imported and not run.
    """
    path = Path(path)
    readers = {".npy": _read_npy, ".npz": lambda file: _read_npz(file, key), ".pkl": _read_pickled_array}
    if path.suffix not in readers:
        raise InputError(f"{path}: {path.suffix or 'no suffix'} is not one of {', '.join(readers)}")
    array = readers[path.suffix](path)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise InputError(f"{path}: holds {_kind(array)}, not an array of numbers")
    return array


def load_list(path: str | Path) -> list[str]:
    """Load a pickled list of strings, e.g. class names, with nothing else admitted.

    Raises:
        InputError: if the file is missing, broken, or holds anything but a list of strings.
    """
    found = _unpickle(Path(path), allowed=set())
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InputError(f"{path}: holds {_kind(found)}, not a list of strings")
    return found


class _Restricted(pickle.Unpickler):
    """An unpickler that resolves only the names it is given."""

    def __init__(self, file: io.BytesIO, allowed: set[tuple[str, str]]) -> None:
        super().__init__(file, encoding="latin1")
        self.allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def _unpickle(path: Path, allowed: set[tuple[str, str]]) -> Any:
    try:
        return _Restricted(io.BytesIO(path.read_bytes()), allowed).load()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except pickle.UnpicklingError as error:
        raise InputError(f"{path}: refused, {error}; nothing of it was run") from error
    except Exception as error:  # a broken pickle fails in any way at all
        raise InputError(f"{path}: not a pickle of the expected kind ({type(error).__name__})") from error


def _read_pickled_array(path: Path) -> Any:
    return _unpickle(path, _ARRAY_PARTS)


def _read_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable .npy file ({error})") from error


def _read_npz(path: Path, key: str) -> np.ndarray:
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            name = file.files[0] if len(file.files) == 1 else key
            if name not in file.files:
                raise InputError(f"{path}: has no entry {key}, only {', '.join(file.files)}")
            return file[name]
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not a readable .npz file ({error})") from error


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
