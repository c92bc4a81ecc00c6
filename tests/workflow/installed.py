"""A wheel in a virtual environment of its own, with the libraries of the running Python."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path


class Installed:
    """The wheel in a virtual environment of its own.

    Args:
        hidden: top-level modules that cannot be imported there, as if they were not installed.
    """

    def __init__(self, folder: Path, wheel: Path, hidden: list[str] | None = None) -> None:
        venv.create(folder, symlinks=True)
        self.python = folder / "bin/python"
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)
        [self.packages] = folder.glob("lib/python*/site-packages")
        (self.packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
        if hidden:
            lines = ["import sys", *(f"sys.modules[{name!r}] = None" for name in hidden)]
            (self.packages / "sitecustomize.py").write_text("\n".join(lines))

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of this environment in a folder that is no checkout."""
        left_out = ("PYTHONPATH", "SNAKEMAKE_PROFILE")
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        environment |= {"PATH": f"{self.python.parent}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(folder / ".cache")}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
