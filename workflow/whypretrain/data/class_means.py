"""Class means made by others: arrays from .npz, .npy, and pickles that may hold nothing but NumPy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from whypretrain.data.unpickling import unpickle
from whypretrain.errors import InputError


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
    readers = {".npy": _read_npy, ".npz": lambda file: _read_npz(file, key), ".pkl": unpickle}
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
    found = unpickle(path, allowed=())
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise InputError(f"{path}: holds {_kind(found)}, not a list of strings")
    return found


def _read_npy(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except Exception as error:  # a broken file fails in any way at all
        raise InputError(f"{path}: not a readable .npy file ({_first_line(error)})") from error


def _read_npz(path: Path, key: str) -> np.ndarray:
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            name = file.files[0] if len(file.files) == 1 else key
            if name not in file.files:
                raise InputError(f"{path}: has no entry {key}, only {', '.join(file.files)}")
            return file[name]
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: not a readable .npz file ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
