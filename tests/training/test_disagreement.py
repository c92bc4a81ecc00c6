"""Divergence of predictions against its definition, and its chance level."""

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.training.disagreement import chance_divergence, divergence


@pytest.fixture
def predictions():
    random = np.random.default_rng(0)
    return random.dirichlet(np.ones(5), 30), random.dirichlet(np.ones(5), 30)


def entropy(p):
    return -sum(each * np.log2(each) for each in p if each > 0)


def test_divergence_is_that_of_its_definition(predictions):
    found = divergence(*predictions)
    for p, q, value in zip(*predictions, found, strict=True):
        assert value == pytest.approx(entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2)


def test_of_a_model_and_itself_it_is_zero_and_of_disjoint_predictions_one(predictions):
    np.testing.assert_allclose(divergence(predictions[0], predictions[0]), 0, atol=1e-12)
    assert divergence(np.array([[1.0, 0, 0]]), np.array([[0, 0.5, 0.5]])) == pytest.approx([1])


def test_the_chance_level_is_that_of_predictions_for_other_images():
    sure = np.eye(2)[[0, 0, 1, 1]]
    found = chance_divergence(sure, sure, seed=0)
    np.testing.assert_allclose(found, 2 / 3)  # of three other images two have the other class
    assert np.isnan(chance_divergence(sure[:1], sure[:1], seed=0)).all()


def test_unrelated_predictions_are_at_their_chance_level(predictions):
    assert chance_divergence(*predictions, seed=0).mean() == pytest.approx(divergence(*predictions).mean(), rel=0.15)


def test_other_images_are_refused(predictions):
    with pytest.raises(InputError, match="cannot be compared"):
        divergence(predictions[0], predictions[1][:3])
