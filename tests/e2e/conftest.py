"""A checkout for tests of what is refused before, or soon after, a run starts."""

import pytest
from checkout import Checkout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("checkout"))
