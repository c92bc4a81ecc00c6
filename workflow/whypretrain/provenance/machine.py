"""The machine and the libraries that a result was computed with."""

from __future__ import annotations

import platform
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("torch", "timm", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "pillow")
TEXT_LIBRARIES = ("transformers", "tokenizers")  # where they are used


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide numbers; a missing library is left out."""
    found = {"python": platform.python_version()}
    of_text = TEXT_LIBRARIES if "transformers" in sys.modules or "tokenizers" in sys.modules else ()
    for name in (*LIBRARIES, *of_text):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> str:
    """Processor and system, and the accelerator where torch computes on one."""
    parts = [platform.machine(), _processor(), platform.system()]
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)


@cache
def _processor() -> str:
    """The processor's name, or its architecture where the system does not say."""
    try:
        named = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else platform.machine()
