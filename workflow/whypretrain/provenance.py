"""Where a result comes from: the source files, package versions, configuration and inputs that decide its bytes."""

from __future__ import annotations

import ast
import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from whypretrain.files import sha256

ROOT = Path(__file__).parent
LIBRARIES = ("torch", "timm", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "pillow")


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
def _imported(path: Path) -> list[Path]:
    """Files of this package that the Python file `path` imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return [file for name in sorted(names) if name.startswith("whypretrain.") for file in _files_of(name)]


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
    digest = hashlib.sha256()
    for path in code_files(stage):
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


def describe(stage: str, config: Any, inputs: Iterable[str | Path], **more: Any) -> dict[str, Any]:
    """The record that stands beside a result: stage, configuration, hashes of code and inputs, versions, hardware.

    Neither time nor host name is in it, so the same work on the same machine writes the same bytes.
    """
    return {
        "stage": stage,
        "config": config,
        "config_sha256": config_hash(config),
        "code_sha256": code_hash(stage),
        "inputs": {str(path): sha256(path) for path in inputs},
        "versions": versions(),
        "hardware": f"{platform.machine()} {platform.system()}",
        **more,
    }
