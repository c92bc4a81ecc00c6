"""Where what a config names lies: at a path, or inside an installed Python package, which is never imported."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.provenance.fingerprint import fingerprint

#: What begins a place inside a package: `package:NAME`, or `package:NAME/FILE` where NAME holds several files.
PACKAGE = "package:"
#: Endings of files that hold a model's weights; within packages NumPy's, too.
ENDINGS = (".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".tar")
_IN_PACKAGES = (*ENDINGS, ".npz")


def located(place: str | Path) -> Path:
    """The path of a place; in a package, of the only file of weights, or of the folder if it has no weights.

    Raises:
        InputError: if the package is not installed, has not what is named, or several files of which none is named.
    """
    if not str(place).startswith(PACKAGE):
        return Path(place)
    name, _, inner = str(place).removeprefix(PACKAGE).partition("/")
    folders = _folders(name)
    if not folders:
        raise InputError(f"{place}: the package {name} is not installed; run `pip install {name}`")
    if inner:
        found = [path for path in (folder / inner for folder in folders) if path.exists()]
    else:
        found = (
            sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in _IN_PACKAGES) or folders
        )
    if len(found) != 1:
        listed = ", ".join(path.name for path in found) or "nothing of that name"
        raise InputError(f"{place}: need one file of weights, or one folder, found {listed}; give {PACKAGE}{name}/FILE")
    return found[0]


def named(place: str) -> str:
    """A place as records name it: a package with its version."""
    name = place.removeprefix(PACKAGE).partition("/")[0]
    return f"{place} {_version(name)}" if place.startswith(PACKAGE) else place


def fingerprints(places: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of the content of each place, under its key; what is missing is left out."""
    found = {}
    for key, place in places.items():
        try:
            path = located(place)
        except InputError:  # whoever reads it says so
            continue
        if path.exists():
            found[key] = fingerprint(path).sha256
    return found


def _folders(name: str) -> list[Path]:
    """Folders of the modules that a package installs, mostly one of the package's own name."""
    modules = dict.fromkeys([re.sub(r"[-.]", "_", name)])
    if _version(name) != "of unknown version":
        modules |= dict.fromkeys((metadata.distribution(name).read_text("top_level.txt") or "").split())
    specs = [importlib.util.find_spec(module) for module in modules if module.isidentifier()]
    return [Path(folder) for spec in specs if spec for folder in spec.submodule_search_locations or ()]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return "of unknown version"
