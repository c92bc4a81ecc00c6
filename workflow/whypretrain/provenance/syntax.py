"""One Python file as far as it decides what a stage does: its syntax tree, imports and registry lines."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Import:
    """`from module import name`, known as `local`; `import module` has no name."""

    module: str
    name: str
    local: str


class Source:
    """The syntax tree of a Python file without its docstrings.

    Lines of a registry (a mapping annotated `Registry[...]`) whose key is not in `use` are left out, too, with the
    imports that they alone need. `use=None` keeps all lines.
    """

    def __init__(self, path: Path, use: Collection[str] | None = None) -> None:
        self.tree = ast.parse(path.read_bytes())
        self.lines: list[ast.expr] = []  # of registries: keys and values that stay
        registries = list(_registries(self.tree))
        #: Whether the file means something else under another `use`.
        self.has_registry = bool(registries)
        if registries:
            before = set(_reads(ast.walk(self.tree)))
            for registry in registries:
                self._keep(registry, use)
            self._forget_imports(before - set(_reads(ast.walk(self.tree))))
        parts: list[str] = []
        self._nodes: list[ast.AST] = []
        _write(self.tree, parts, self._nodes)
        #: SHA-256 of the tree, the same for every version of Python: no positions, nothing that is empty.
        self.digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def _keep(self, registry: ast.Dict, use: Collection[str] | None) -> None:
        lines = list(zip(registry.keys, registry.values, strict=True))
        if use is not None:
            lines = [line for line in lines if not isinstance(line[0], ast.Constant) or line[0].value in use]
        registry.keys, registry.values = [key for key, _ in lines], [value for _, value in lines]
        self.lines += [part for line in lines for part in line if part is not None]

    def _forget_imports(self, gone: Collection[str]) -> None:
        """Take out the imports of names that nothing reads any more."""
        for node in self.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                node.names = [alias for alias in node.names if (alias.asname or alias.name) not in gone]
        self.tree.body = [node for node in self.tree.body if getattr(node, "names", True)]

    @cached_property
    def _reads(self) -> Counter[str]:
        """Names that are read, and how often."""
        return Counter(_reads(self._nodes))

    @cached_property
    def imports(self) -> list[Import]:
        """Every import, inside functions too."""
        found = []
        for node in self._nodes:
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found += [Import(node.module, alias.name, alias.asname or alias.name) for alias in node.names]
            elif isinstance(node, ast.Import):
                found += [Import(alias.name, "", alias.asname or alias.name) for alias in node.names]
        return found

    @cached_property
    def lazy(self) -> dict[str, str]:
        """Names that the file's `__getattr__` loads when they are first used, by the text that says from where."""
        if "__getattr__" not in set(_defined(self.tree)):
            return {}
        maps = [node for node in self._nodes if isinstance(node, ast.Dict)]
        found: dict[str, str] = {}
        for key, value in (pair for each in maps for pair in zip(each.keys, each.values, strict=True)):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                continue
            if isinstance(value, ast.List):  # module: its names
                found |= dict.fromkeys(texts(value.elts), key.value)
            elif isinstance(value, ast.Constant) and isinstance(value.value, str):  # name: its module
                found[key.value] = value.value
        return found

    def attributes(self, name: str) -> set[str] | None:
        """What is asked of `name`, as in `name.attribute`; None where it is used in any other way."""
        asked = [
            node.attr
            for node in self._nodes
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
        ]
        return set(asked) if len(asked) == self._reads[name] else None

    @cached_property
    def texts(self) -> set[str]:
        """Every string in the file."""
        return set(texts(self._nodes))


def texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The strings among the nodes of a syntax tree."""
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _defined(tree: ast.Module) -> Iterator[str]:
    """Names that a module gives to functions and, by plain assignment, to values."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _reads(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def _registries(tree: ast.Module) -> Iterator[ast.Dict]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and "Registry" in _reads(ast.walk(node.annotation)):
            if not isinstance(node.value, ast.Dict):
                raise TypeError(
                    f"line {node.lineno}: a Registry must be written as {{...}}, so that its lines can be found"
                )
            yield node.value


def _write(node: object, parts: list[str], seen: list[ast.AST]) -> None:
    """Write a tree as text, and list its nodes; docstrings and the contexts of names are left out."""
    if isinstance(node, ast.AST):
        seen.append(node)
        parts.append(type(node).__name__)
        for name in node._fields:
            value: Any = getattr(node, name, None)
            if name == "body" and isinstance(node, _DOCUMENTED) and _is_text(value[0] if value else None):
                value = value[1:]
            if value is not None and value != [] and name != "ctx":
                parts.append(name)
                _write(value, parts, seen)
        parts.append(")")
    elif isinstance(node, list):
        parts.append("[")
        for each in node:
            _write(each, parts, seen)
        parts.append("]")
    else:
        parts.append(repr(node))


def _is_text(node: object) -> bool:
    """Whether a statement is nothing but a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
