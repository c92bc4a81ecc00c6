"""Real data, where this machine has them, and miniature copies of published sets."""

import os
from pathlib import Path

import pytest

from whypretrain.data import CATALOGUE
from whypretrain.data.published.miniature import write_miniatures

_DEFAULT = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def shared_data():
    folder = Path(os.environ.get("WHYPRETRAIN_SHARED_DATA", _DEFAULT))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set WHYPRETRAIN_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def copies(tmp_path_factory):
    """Miniature copies of all published sets."""
    folder = tmp_path_factory.mktemp("miniature")
    assert write_miniatures(folder) == list(CATALOGUE)
    return folder
