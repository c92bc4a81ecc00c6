"""What is known about timm's networks before anything runs: from its source text, since importing it takes seconds."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from whypretrain.config.messages import suggestion

_ENTRY = re.compile(r"^@register_model\s+def (\w+)\(", re.MULTILINE)
_OLD_NAMES = re.compile(r"^register_model_deprecations\(__name__, \{(.*?)^\}\)", re.MULTILINE | re.DOTALL)
_SHARED = ("_builder.py", "_efficientnet_builder.py", "_factory.py")  # options that every family has


def network_problems(key: str, network: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the `name` and the `options` of an architecture under `key`, as far as timm's text shows."""
    files = _files()
    if not files:  # timm lies in an archive: it says so itself once it is imported
        return
    name = network["name"].partition(".")[0]
    if name not in files:
        yield f"{key}.name: {network['name']!r} is no timm model; {suggestion(name, files)}"
        return
    known = set(re.findall(r"\w+", "".join(map(_text, [files[name], *map(files[name].with_name, _SHARED)]))))
    for option in network.get("options", {}):
        if option not in known:
            close = suggestion(option, sorted(known))
            hint = close if close.startswith("did you mean") else f"see the arguments of {name} in timm"
            yield f"{key}.options: {name} has no option {option!r}; {hint}"


@cache
def _files() -> dict[str, Path]:
    """The file that defines each model of timm, by name, deprecated ones too."""
    spec = importlib.util.find_spec("timm")
    folders = [Path(place) / "models" for place in (spec and spec.submodule_search_locations) or ()]
    found: dict[str, Path] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("*.py"))):
        text = _text(path)
        old = [name for block in _OLD_NAMES.findall(text) for name in re.findall(r"'(\w+)':", block)]
        found |= dict.fromkeys([*_ENTRY.findall(text), *old], path)
    return found


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
