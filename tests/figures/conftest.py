"""A synthetic experiment for all figures."""

import pytest
from synthetic import Synthetic
from synthetic_joint import joint_tables, study_tables
from synthetic_text import of_figure

from whypretrain.figures import FIGURES


@pytest.fixture(scope="session")
def synthetic():
    """The class of synthetic experiments: `synthetic(seeds=(0,))` has one seed."""
    return Synthetic


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """The tables of a complete experiment."""
    return Synthetic().all(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def given_to(given):
    """The tables of any figure by its name, those of joint fine-tuning and of the study included."""
    own = {"joint": joint_tables(), "selection_study": study_tables()}
    return lambda name: own.get(FIGURES[name].target, of_figure(name, given))
