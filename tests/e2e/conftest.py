"""A checkout for tests of what is refused before, or soon after, a run starts."""

import os

import pytest
from checkout import Checkout


def pytest_collection_modifyitems(items):
    if os.environ.get("WHYPRETRAIN_LONG") != "1":
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="a whole further run: `make test-long`"))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("checkout"))
