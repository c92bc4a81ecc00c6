"""A synthetic experiment for all figures."""

import pytest
from synthetic import Synthetic


@pytest.fixture(scope="session")
def synthetic():
    """The class of synthetic experiments: `synthetic(seeds=(0,))` has one seed."""
    return Synthetic


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """The tables of a complete experiment."""
    return Synthetic().all(tmp_path_factory.mktemp("pictures"))
