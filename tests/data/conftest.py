"""Real data, where this machine has them."""

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def shared_data():
    folder = Path(os.environ.get("WHYPRETRAIN_SHARED_DATA", _DEFAULT))
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}; set WHYPRETRAIN_SHARED_DATA")
    return folder
