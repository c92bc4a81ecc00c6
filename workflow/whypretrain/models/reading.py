"""Files of weights that others wrote, told apart by their first bytes; nothing in them is ever run.

PyTorch's own restricted reader resolves tensors and plain values. What else a training script put next to the weights
(its arguments, say) is read as objects without code: what they are named after is neither imported nor run. Of Python's
standard library only what plain values are kept in is read so; any other name is refused.
"""

from __future__ import annotations

import re
import sys
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.models.storage import read_safetensors

#: Of the standard library what scripts keep plain values in; left out without a word.
_PLAIN = {
    *("argparse.Namespace", "types.SimpleNamespace", "collections.defaultdict", "collections.deque", "uuid.UUID"),
    *(f"builtins.{name}" for name in ("list", "dict", "set", "frozenset", "tuple", "slice", "range", "bytearray")),
    *(f"builtins.{name}" for name in ("int", "float", "complex", "str", "bool", "bytes", "object")),
    *(
        f"pathlib.{name}"
        for name in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")
    ),
    *(f"datetime.{name}" for name in ("datetime", "date", "time", "timedelta", "timezone")),
    *("decimal.Decimal", "fractions.Fraction", "functools.partial"),
}
_MOST = 300  # names of other libraries in one file
_ASKED = re.compile(r"GLOBAL (\S+) (?:was not an allowed global|whose module)")
_FILLED = re.compile(r"Can only (SETITEM|append|extend).* but got <class 'left_out\.([^']+)'>")


class Inert:
    """Stands for an object whose code is not run; `state` are its attributes, where it was saved with these."""

    def __new__(cls, *given: Any, **named: Any) -> Any:
        return object.__new__(cls)

    def __init__(self, *given: Any, **named: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}


class _Mapping(Inert):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return OrderedDict()


class _List(Inert):
    def __new__(cls, *given: Any, **named: Any) -> Any:
        return []


class Content(NamedTuple):
    """What a file holds, and the names of other libraries' objects in it, which were left out."""

    value: Any
    left_out: list[str]


def read_file(path: Path) -> Content:
    """What a file of weights holds: mappings of tensors, plain values, arrays.

    Raises:
        InputError: if it is missing, damaged, not a file of weights, or asks for what is not read; with the fix.
    """
    if not path.is_file():
        raise InputError(f"checkpoint {path}: no such file; check the path, which is relative to the checkout")
    with path.open("rb") as file:
        start = file.read(512)
    if fault := _no_weights(path, start):
        raise InputError(f"checkpoint {path}: {fault}")
    size = int.from_bytes(start[:8], "little")
    if path.suffix == ".safetensors" or (start[8:9] == b"{" and 0 < size < path.stat().st_size):
        return Content(read_safetensors(path), [])
    if changed := _changed_member(path):
        raise InputError(f"checkpoint {path}: damaged, the checksum of {changed} is wrong; fetch it again")
    return _unpickled(path)


def is_npz(path: Path) -> bool:
    """Whether a file is a NumPy archive, by what it holds."""
    return any(name.endswith(".npy") for name in _members(path))


def _no_weights(path: Path, start: bytes) -> str | None:
    """What a file is that holds no weights, and what to do."""
    if not start:
        return "is empty; fetch it again"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself; run `git lfs pull` where it came from"
    if start.lstrip()[:9].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not the file itself; fetch it by its download link"
    if start.startswith(b"\x89HDF\r\n"):
        return "is HDF5 (Keras); give PyTorch weights or safetensors"
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return "is a compressed archive; unpack it and give the file inside"
    if path.suffix == ".onnx":
        return "is ONNX, a program; give the state dict it was exported from"
    members = _members(path)
    if any(name.endswith("constants.pkl") for name in members):
        return (
            "is TorchScript, a program; save its weights alone: "
            f'torch.save(torch.jit.load("{path.name}").state_dict(), "state.pth")'
        )
    if members and not any(name.endswith("data.pkl") for name in members) and not is_npz(path):
        return f"is a zip archive without PyTorch's data.pkl (it holds {members[0]}); give the file of weights"
    return None


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def _changed_member(path: Path) -> str | None:
    """The first part of a zip archive whose bytes are not those that were saved; PyTorch's reader does not look."""
    try:
        with zipfile.ZipFile(path) as archive:
            return (
                archive.testzip() if any(member.CRC for member in archive.infolist()) else None
            )  # may be switched off
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        return None  # no archive, or so damaged that reading it fails


def _unpickled(path: Path) -> Content:
    """A PyTorch file, by one more attempt for each name of another library that it asks for."""
    arrays, left_out = _arrays(), dict[str, type]()
    while len(left_out) <= _MOST:
        stand_ins: list[Any] = [*arrays, *((stand_in, name) for name, stand_in in left_out.items())]
        try:
            with warnings.catch_warnings(), torch.serialization.safe_globals(stand_ins):
                warnings.simplefilter("ignore")
                found = torch.load(path, map_location="cpu", weights_only=True)
            return Content(found, sorted({_today(name) for name in left_out} - _PLAIN))
        except Exception as error:  # a damaged file fails in any way at all
            _stand_in(path, error, left_out)
    raise InputError(f"checkpoint {path}: asks for over {_MOST} names of other libraries; save its state dict alone")


def _arrays() -> list[Any]:
    """What NumPy's arrays and scalars need, by the names of NumPy 1 and 2."""
    from numpy._core import multiarray

    found: list[Any] = [np.dtype, np.ndarray, *(getattr(np.dtypes, name) for name in np.dtypes.__all__)]
    for name in ("scalar", "_reconstruct"):
        found += [(getattr(multiarray, name), f"numpy.{core}.multiarray.{name}") for core in ("core", "_core")]
    return found


def _stand_in(path: Path, error: Exception, left_out: dict[str, type]) -> None:
    """Add what stands for the name that the reader stopped at, or raise what is wrong with the file."""
    told = str(error) if isinstance(error, UnpicklingError) else ""
    asked, filled = _ASKED.search(told), _FILLED.search(told)
    if asked:
        name, base = asked[1] if "." in asked[1] else f"builtins.{asked[1]}", Inert
    elif filled:
        name, base = filled[2], _Mapping if filled[1] == "SETITEM" else _List
    else:
        raise _damaged(path, error) from error
    today = _today(name)
    if today not in _PLAIN and today.partition(".")[0] in sys.stdlib_module_names:
        raise InputError(
            f"checkpoint {path}: asks for {today}, which is never executed; where you trust the file, save its state "
            'dict alone: torch.save(torch.load("FILE", weights_only=False)["state_dict"], "state.pth")'
        ) from error
    if left_out.get(name, object).__base__ is base:
        raise _damaged(path, error) from error
    left_out[name] = type(name, (base,), {"__module__": "left_out"})


def _today(name: str) -> str:
    """A name of Python 2's standard library, which old pickles have, as it is today."""
    module, _, attribute = name.rpartition(".")
    module, attribute = NAME_MAPPING.get((module, attribute), (IMPORT_MAPPING.get(module, module), attribute))
    return f"{module}.{attribute}"


def _damaged(path: Path, error: BaseException) -> InputError:
    reason = first_line(error)
    return InputError(
        f"checkpoint {path}: damaged, or not a file of PyTorch weights; what else it may hold is never executed "
        f"({reason}); fetch it again, or save its state dict alone, best as safetensors"
    )


def first_line(error: BaseException) -> str:
    """The first line of a message, without terminal codes and advice of PyTorch's that does not hold here."""
    text = re.sub(r"\x1b\[[0-9;]*m|\[[0-9;]*m(?=\S)", "", str(error))
    found = re.search(r"WeightsUnpickler error: ([^\n]*)", text)
    line = found[1] if found else (text.splitlines() or [""])[0]
    line = line.partition(". This file can still be loaded")[0].strip()
    return "".join(char for char in line if char.isprintable())[:200] or type(error).__name__
