"""A copy of the checkout in which a tiny experiment is run, broken and taken up again."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from checkout import Checkout
from running import Experiment


@pytest.fixture(scope="session")
def experiment(tmp_path_factory):
    """The experiment after its features; each test leaves it so."""
    found = Experiment(Checkout(tmp_path_factory.mktemp("reliability")), target="features")
    found.finish()
    return found
