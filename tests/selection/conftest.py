"""Stages as the workflow runs them, and the authors' class means, where they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RunStage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def published_class_means() -> Path:
    """Folder of the class means that came with arXiv:2111.12292, third-party files that are not in this repository."""
    shared = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("WHYPRETRAIN_SHARED_DATA", shared)) / "uot_class_means"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: set WHYPRETRAIN_SHARED_DATA to the folder that holds uot_class_means")
    return folder


@pytest.fixture(scope="session")
def run_stage() -> RunStage:
    """Run a stage by name in an interpreter of its own: `run_stage("select", "--out", ...)`."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", f"whypretrain.stages.{name}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run
