"""Where a result comes from: the source files, package versions, configuration and inputs that decide its bytes."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from whypretrain.errors import InputError
from whypretrain.files import read_json, sha256, write_json

ROOT = Path(__file__).parent
CARDS = ".provenance"
LIBRARIES = ("torch", "timm", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "pillow")
_IMPORT = re.compile(
    r"^\s*from (whypretrain[\w.]*) import (\([^)]*\)|.*)$|^\s*import (whypretrain[\w.]*)", re.MULTILINE
)


def code_files(stage: str) -> list[Path]:
    """Every source file that the stage module `stage` depends on, the stage itself included, sorted.

    The imports are followed in the text, those inside functions too. A package folder counts whole, with its templates
    and style files, as soon as one of its modules is imported; stages, and modules directly below the package, count
    alone.

    Example:
        `code_files("select")` holds stages/select.py and all of selection/, but nothing of training/.
    """
    waiting = [ROOT / "stages" / f"{stage}.py"]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if path.suffix == ".py":
                waiting += _imported(path)
    return sorted(found)


@cache
def _imported(path: Path) -> set[Path]:
    """Files of this package that the Python file `path` imports."""
    names: set[str] = set()
    for module, listed, bare in _IMPORT.findall(path.read_text()):
        names |= {module or bare, *(f"{module}.{name}" for name in re.findall(r"\w+", listed))}
    return {file for name in names if name.startswith("whypretrain.") for file in _files_of(name)}


@cache
def _files_of(module: str) -> list[Path]:
    """A package folder with all it holds, or the single file of a module; nothing where `module` names neither."""
    first, *rest = module.split(".")[1:]
    if first == "stages":
        path = ROOT / "stages" / f"{rest[0] if rest else '__init__'}.py"
        return [path] if path.is_file() else []
    folder = ROOT / first
    if folder.is_dir():
        return [f for f in folder.rglob("*.*") if f.is_file() and "__pycache__" not in f.parts]
    module_file = folder.with_suffix(".py")
    return [module_file] if module_file.is_file() else []


def code_hash(stage: str) -> str:
    """SHA-256 over the names and contents of `code_files(stage)`."""
    return _hash_of(code_files(stage))


def source_hash(*modules: str) -> str:
    """The same of single modules and of whole packages, e.g. `source_hash("models", "interactions/scoring.py")`."""
    places = [ROOT / name for name in modules]
    return _hash_of(
        sorted(file for place in places for file in (place.rglob("*.py") if place.is_dir() else [place]))
    )


def _hash_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0{sha256(path)}\n".encode())
    return digest.hexdigest()


def config_hash(config: Any) -> str:
    """SHA-256 of a configuration's JSON text with sorted keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide numbers; a missing library is left out."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> str:
    """Processor and system, and the accelerator where torch computes on one."""
    parts = [platform.machine(), processor(), platform.system()]
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)


@cache
def processor() -> str:
    """The processor's name, or its architecture where the system does not tell."""
    try:
        named = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else platform.machine()


def card_of(path: str | Path) -> Path:
    """Where the record of a result stands: `.provenance/NAME.json` in the folder of the result."""
    path = Path(path)
    return path.parent / CARDS / f"{path.name}.json"


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """SHA-256 of each file; in place of a folder, of each file that lies in it.

    Raises:
        InputError: if a file is not what its record says: it was damaged, or changed by hand.
    """
    files = sorted({file for path in paths for file in ([path] if path.is_file() else _files_in(path))})
    found = {str(file): sha256(file) for file in files}
    for file, digest in found.items():
        if why := _unlike_its_card(file, digest):
            raise InputError(f"{file}: {why}; remove it and run the workflow again")
    return found


def fault(path: str | Path) -> str:
    """Why a result must not be relied on, by its record; empty where it may."""
    if not card_of(path).exists():
        return "no record of what made it"
    return _unlike_its_card(path, sha256(path))


def _unlike_its_card(path: str | Path, digest: str) -> str:
    card = card_of(path)
    if not card.exists() or read_json(card).get("sha256") == digest:
        return ""
    return f"damaged or changed, its SHA-256 is not the one in {card}"


def _files_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]


def write_cards(outputs: Iterable[Path], made_by: dict[str, Any]) -> None:
    """Write the record of each output: its SHA-256, and all of `made_by` (see `describe`)."""
    for path in outputs:
        write_json(card_of(path), {**made_by, "sha256": sha256(path)})


def describe(stage: str, config: Any, inputs: dict[str, str], arguments: dict[str, Any]) -> dict[str, Any]:
    """What decides a result: stage, arguments with their seed, configuration, code, inputs, versions, hardware.

    Neither time nor host name is in it, so the same work on the same machine writes the same bytes.

    Args:
        inputs: SHA-256 by path.
        arguments: the plain values of the stage's command line, e.g. `seed`.
    """
    return {
        "stage": stage,
        "arguments": arguments,
        "config": config,
        "config_sha256": config_hash(config),
        "code_sha256": code_hash(stage),
        "inputs": inputs,
        "versions": versions(),
        "hardware": hardware(),
    }
