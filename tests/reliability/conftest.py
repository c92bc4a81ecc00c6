"""A copy of the checkout in which a tiny experiment is run, broken and taken up again."""

import pytest
from checkout import Checkout
from running import Experiment


@pytest.fixture(scope="session")
def experiment(tmp_path_factory):
    """The experiment after its features; each test leaves it so."""
    found = Experiment(Checkout(tmp_path_factory.mktemp("reliability")), target="features")
    found.finish()
    return found
