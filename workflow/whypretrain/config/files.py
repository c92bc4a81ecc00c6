"""Config files as people write them: what is wrong with the text itself, in one line.

    python -m whypretrain.config.files mine.yaml

checks files before Snakemake reads them: of a key that is given twice it would drop the first without a word.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from whypretrain.errors import InputError

_MOST = 100_000  # values of a config, those behind every alias counted
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_SURPRISING = re.compile(r"[-+]?0[0-9_]+|.*:.*")  # octal, and base 60


def require_text(words: Sequence[str]) -> None:
    """Refuse config files on a command line of Snakemake's that are no UTF-8: Snakemake would end in a traceback.

    Raises:
        InputError: naming the file and the place.
    """
    named = False
    for word in words:
        if word.startswith("-"):
            named = word in ("--configfile", "--configfiles")
        elif named and Path(word).is_file():
            try:
                _decoded(Path(word))
            except InputError as error:
                raise InputError(f"{word}: {error}") from None


def read(path: str | Path) -> dict[str, Any]:
    """What a config file holds, as plain values.

    Raises:
        InputError: naming the file and line, if it is no UTF-8, no YAML, gives a key twice, or runs code.
    """
    try:
        found = _parsed(_decoded(Path(path)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"line {mark.line + 1}: " if mark else ""
        reason = " ".join(filter(None, [error.context, error.problem]))
        raise InputError(f"{path}: {line}no YAML ({reason}); check its indents, colons and quotes") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: no YAML ({reason}); write keys and values as config/default.yaml does") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: holds no keys; write keys and values as config/default.yaml does")
    return found


def merged(whole: Any, changes: Any) -> Any:
    """As Snakemake puts a config on top of another: key by key, anything else in place of what was there."""
    if not isinstance(whole, dict) or not isinstance(changes, dict):
        return changes
    return {**whole, **{key: merged(whole.get(key), value) for key, value in changes.items()}}


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        hint = "" if path.suffix in (".yaml", ".yml", ".json") else "; a target comes before --configfile, or after --"
        raise InputError(f"cannot be read ({error.strerror}); check the path{hint}") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError("UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"line {line}: byte 0x{content[error.start]:02x} is not UTF-8; save it as UTF-8") from None


def _parsed(text: str) -> Any:
    """JSON, else YAML, as Snakemake reads it; refused where that is not what is meant."""
    try:
        return json.loads(text, object_pairs_hook=_distinct)
    except ValueError:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    for number, problem in enumerate(_problems(root, "", ())):
        if problem:
            raise InputError(problem)
        if number > _MOST:
            raise InputError(f"more than {_MOST} values, those behind aliases counted; write less")
    return yaml.safe_load(text)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        names = [name for name, _ in pairs]
        raise InputError(f"{next(name for name in names if names.count(name) > 1)} is given twice; keep one")
    return found


def _problems(node: Any, path: str, above: tuple[int, ...]) -> Iterator[str]:
    """For every value one text, which is empty where nothing is wrong."""
    if id(node) in above:
        yield f"line {node.start_mark.line + 1}: {path or 'the file'} holds itself; write it out"
    elif isinstance(node, yaml.MappingNode):
        yield from _twice(node, path)
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            yield from _problems(value, name, (*above, id(node)))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _problems(value, f"{path}.{number}", (*above, id(node)))
    elif isinstance(node, yaml.ScalarNode):
        yield _surprise(node, path)


def _twice(node: yaml.MappingNode, path: str) -> Iterator[str]:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        line, name = key.start_mark.line + 1, f"{path}.{key.value}" if path else str(key.value)
        if name == "__use_yte__":
            yield f"line {line}: __use_yte__ would run what the file says; remove it"
        if isinstance(key, yaml.ScalarNode) and key.value != "<<":
            first = lines.setdefault((key.tag, key.value), line)
            yield f"{name} is given twice, in lines {first} and {line}; keep one" if first != line else ""


def _surprise(node: yaml.ScalarNode, path: str) -> str:
    if node.tag not in (_INT, _FLOAT) or node.style or not _SURPRISING.fullmatch(node.value):
        return ""
    meant = yaml.safe_load(node.value)
    return (
        f"line {node.start_mark.line + 1}: {path}: YAML reads {node.value} as {meant}; write that, or put it in quotes"
    )


def main(paths: list[str]) -> int:
    """Check each file; print the first mistake."""
    try:
        for path in paths:
            read(path)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
