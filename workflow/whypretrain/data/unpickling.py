"""Pickles made by others: an unpickler that resolves the few names it is given, and imports and runs nothing else."""

from __future__ import annotations

import io
import pickle
from collections.abc import Collection
from pathlib import Path
from typing import Any

from whypretrain.errors import InputError

#: What the pickle of a NumPy array asks for, by NumPy 1 and 2.
ARRAYS = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.numeric", "_frombuffer"),
    }
)


def unpickle(path: str | Path, allowed: Collection[tuple[str, str]] = ARRAYS) -> Any:
    """The value of a pickle of plain values and what `allowed` names, as (module, name); text is read as Latin-1.

    Raises:
        InputError: if the file is missing, broken, or asks for any other name; nothing of it is run then.
    """
    try:
        return _Restricted(io.BytesIO(Path(path).read_bytes()), allowed).load()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except pickle.UnpicklingError as error:
        told = " ".join(str(error).split())  # the names are the file's
        raise InputError(f"{path}: refused, {told}; nothing of it was run") from error
    except Exception as error:  # a broken pickle fails in any way at all
        raise InputError(f"{path}: not a pickle of the expected kind ({type(error).__name__})") from error


class _Restricted(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, allowed: Collection[tuple[str, str]]) -> None:
        super().__init__(file, encoding="latin1")
        self.allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)
