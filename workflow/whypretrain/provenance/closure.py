"""The code that decides what a stage does, and its hash.

The rule is static, so nothing is imported to find it out:

* A module counts whole, with what it imports from this package, inside functions too.
* A package counts by what is asked of it: `from package import name`, or `package.name` after `import package`, leads
  through re-exports and maps of lazily loaded names in its `__init__` to the module that defines the name. So importing
  a package must change nothing elsewhere.
* A line of a registry (see `runtime.registry`) counts where its key is chosen, with the modules that its strings name:
  in full, from the registry's own folder or from the package's root.
* A file that a module names (a template, a style, YAML), relative to its own folder or to the package's root, counts by
  its bytes.
* A module counts by its syntax tree: comments, docstrings and layout change nothing.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.provenance.syntax import Source, texts
from whypretrain.runtime.files import atomic, read_json, sha256

ROOT = Path(__file__).parents[1]
_SOURCES = (".py", ".yaml", ".html", ".css", ".js", ".csv", ".pkl")


class Package:
    """The sources below the folder `root`, named as this package; every file is read once."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.name = root.name
        self._read: dict[str, Source] = {}
        self._known: dict[str, list[str]] = {}  # what modules need, if it is the same under every `use`
        self._files: dict[str, dict[Path, str]] = {}

    def files(self, module: str, use: Collection[str] | None = None) -> dict[Path, str]:
        """Every file that `module` depends on, sorted, with the hash of what counts of it.

        Args:
            use: keys of the registry lines that are chosen; None: all lines.
        """
        found: dict[str, Source] = {}
        waiting = [module]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self._source(name, use)
                waiting += self._needed(name, found[name])
        hashed = {self._path(name): each.digest for name, each in found.items()}
        for name, each in found.items():
            hashed |= self._named(name, each)
        return dict(sorted(hashed.items()))

    def _source(self, module: str, use: Collection[str] | None) -> Source:
        if module not in self._read:
            self._read[module] = Source(self._path(module))
        read = self._read[module]
        return Source(self._path(module), use) if read.has_registry and use is not None else read

    def _path(self, module: str) -> Path:
        """A module's file, a package's `__init__`; the name of a folder or a file that is not there means nothing."""
        place = self.root.joinpath(*module.split(".")[1:])
        return place / "__init__.py" if self._is_package(module) else place.with_suffix(".py")

    def _is_package(self, module: str) -> bool:
        return (self.root.joinpath(*module.split(".")[1:]) / "__init__.py").is_file()

    def _exists(self, module: str) -> bool:
        parts = module.split(".")
        plain = parts[0] == self.name and all(part.isidentifier() for part in parts)
        return plain and self._path(module).is_file()

    def _needed(self, module: str, source: Source) -> list[str]:
        """Modules that a module asks for."""
        if module not in self._known or source.has_registry:
            self._known[module] = list(self._needs(module, source))
        return self._known[module]

    def _needs(self, module: str, source: Source) -> Iterator[str]:
        for each in source.imports:
            if each.module.split(".")[0] != self.name:
                continue
            target = self._defining(each.module, each.name) if each.name else each.module
            followed = each.name and self._is_package(target)
            yield from self._asked_of(target, source.attributes(each.local) if followed else None)
        folder = module.rpartition(".")[0]
        named = {self._place(folder, text) for line in source.lines for text in texts(ast.walk(line))} - {""}
        for target in named:
            yield from self._asked_of(target, None)

    def _asked_of(self, module: str, names: Collection[str] | None) -> Iterator[str]:
        """A module; of a package, those that define `names` (None: it is used in ways that cannot be followed)."""
        if not self._is_package(module):
            yield module
            return
        if names is None:
            yield f"{module}.__init__"
            names = self._source(module, None).lazy
        for name in names:
            yield from self._asked_of(self._defining(module, name), None)

    def _defining(self, module: str, name: str) -> str:
        """The module that `from module import name` comes from in the end."""
        if not self._is_package(module):
            return module
        source = self._source(module, None)
        for each in source.imports:
            if name == each.local and each.module.split(".")[0] == self.name:
                return self._defining(each.module, each.name)
        if name in source.lazy:
            return self._place(module, source.lazy[name])
        return f"{module}.{name}" if self._exists(f"{module}.{name}") else f"{module}.__init__"

    def _place(self, folder: str, text: str) -> str:
        """The module of a text MODULE or MODULE.NAME: in full, from a folder, or from the root; empty if none."""
        stems = [stem for stem in (text, text.rpartition(".")[0]) if stem]
        candidates = [name for stem in stems for name in (stem, f"{folder}.{stem}", f"{self.name}.{stem}")]
        return next((name for name in candidates if self._exists(name)), "")

    def _named(self, module: str, source: Source) -> dict[Path, str]:
        """Files other than modules that a module names, with their hashes."""
        if module not in self._files:
            texts = (text for text in source.texts if "." in text[1:100] and not text.startswith((".", "/")))
            places = [place / text for text in texts for place in (self._path(module).parent, self.root)]
            found = {place for place in places if place.suffix != ".py" and os.path.isfile(place)}
            self._files[module] = {place: sha256(place) for place in found}
        return self._files[module]


_package = cache(Package)


def code_files(name: str, use: Collection[str] | None = None) -> list[Path]:
    """Every file that a stage, or a module by its full name, depends on, itself included, sorted.

    Args:
        use: keys of the registry lines that are chosen; None: all lines.

    Example:
        `code_files("select")` holds stages/select.py and what it uses of selection/, but nothing of training/;
        `code_files("figure", use=["layers"])` holds figures/layers.py, but not figures/flow.py.
    """
    return list(_package().files(_module(name), use))


def code_hash(name: str, use: Collection[str] | None = None) -> str:
    """SHA-256 over the names of `code_files` and what counts of them.

    It is kept with the sizes and times of all sources, so that nothing is parsed again while they stay as they are.
    """
    module, kept = _module(name), _kept()
    key = json.dumps([module, use if use is None else sorted(use)])
    if key not in kept:
        digest = hashlib.sha256()
        for path, content in _package().files(module, use).items():
            digest.update(f"{path.relative_to(ROOT)}\0{content}\n".encode())
        kept[key] = digest.hexdigest()
        with suppress(OSError), atomic(_index(), result=False) as temporary:
            temporary.write_text(json.dumps(kept))
    return kept[key]


@cache
def _kept() -> dict[str, str]:
    """Hashes by what they are of, as far as they are known of the sources as they are."""
    with suppress(InputError):
        return dict(read_json(_index()))
    return {}


@cache
def _index() -> Path:
    """Where hashes are kept: a file named by the sizes and times of all sources."""
    states = [(str(path), path.stat()) for path in sorted(ROOT.rglob("*")) if path.suffix in _SOURCES]
    state = [(name, found.st_size, found.st_mtime_ns, found.st_ctime_ns) for name, found in states]
    return Path(".cache/closures") / f"{hashlib.sha256(repr(state).encode()).hexdigest()[:20]}.json"


def _module(name: str) -> str:
    return name if "." in name else f"{ROOT.name}.stages.{name}"


def other_code(root: Path) -> str:
    """A file of the package at `root` that the imported package lacks or has in another state; empty if none."""
    if root.resolve() == ROOT:
        return ""
    for path in sorted(
        path for path in root.rglob("*") if path.suffix in _SOURCES and root / "home" not in path.parents
    ):
        imported = ROOT / path.relative_to(root)
        if not imported.is_file() or _content(imported) != _content(path):
            return str(path.relative_to(root))
    return ""


def _content(path: Path) -> str:
    """The hash of what counts of a file."""
    return Source(path).digest if path.suffix == ".py" else sha256(path)
