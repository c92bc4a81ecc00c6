import numpy as np
import pytest
from sklearn.metrics import accuracy_score, recall_score

from whypretrain.training import scores


def test_scores_are_those_of_scikit_learn():
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 5, 300), random.integers(0, 6, 300)
    found = scores(predicted, labels)
    assert found["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    present = recall_score(labels, predicted, labels=range(5), average="macro")
    assert found["mean_class_accuracy"] == pytest.approx(present)
    assert found["n_test"] == 300


def test_classes_without_images_are_left_out_of_the_mean():
    found = scores(np.array([0, 0, 4, 1]), np.array([0, 0, 4, 4]))
    assert found["mean_class_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert found["accuracy"] == pytest.approx(0.75)
