"""k-NN and LogME against other ways to compute them."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.neighbors import KNeighborsClassifier

from whypretrain.errors import InputError
from whypretrain.training.transferability import TEMPERATURE, knn_accuracy, log_evidence


def drawn(seed, images=24, width=5, classes=3, signal=1.0):
    random = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    return signal * np.eye(classes, width)[labels] + 0.5 * random.standard_normal((images, width)), labels


def marginal(features, target):
    """The largest density of the labels under N(0, I/beta + F F'/alpha) over both precisions, by an optimiser."""

    def negative(logs):
        alpha, beta = np.exp(np.clip(logs, -25, 25))
        covariance = np.eye(len(features)) / beta + features @ features.T / alpha
        return -multivariate_normal(cov=covariance, allow_singular=False).logpdf(target)

    options = {"xatol": 1e-6, "fatol": 1e-9}
    found = [minimize(negative, start, method="Nelder-Mead", options=options) for start in ((-2, 3), (5, 1))]
    return -min(each.fun for each in found)


@pytest.mark.parametrize(("seed", "images", "width"), [(0, 24, 5), (1, 12, 20), (2, 30, 3)])
def test_logme_is_the_evidence_maximised_numerically(seed, images, width):
    features, labels = drawn(seed, images, width)
    expected = np.mean([marginal(features, (labels == label).astype(float)) for label in range(3)]) / images
    assert log_evidence(features, labels) == pytest.approx(expected, abs=1e-6)


def test_logme_is_where_the_authors_iteration_ends():
    """Algorithm 1 of the paper, with matrices in place of the decomposition."""
    features, labels = drawn(3, 40, 6)
    (count, width), found = features.shape, []
    for label in range(3):
        target, alpha, beta = (labels == label).astype(float), 1.0, 1.0
        for _ in range(500):
            inverse = np.linalg.inv(alpha * np.eye(width) + beta * features.T @ features)
            mean = beta * inverse @ features.T @ target
            gamma = width - alpha * np.trace(inverse)
            alpha = gamma / (mean @ mean)
            beta = (count - gamma) / ((target - features @ mean) @ (target - features @ mean))
        precision = alpha * np.eye(width) + beta * features.T @ features
        mean = beta * np.linalg.solve(precision, features.T @ target)
        error = (target - features @ mean) @ (target - features @ mean)
        evidence = count / 2 * np.log(beta / 2 / np.pi) + width / 2 * np.log(alpha) - beta / 2 * error
        found.append(evidence - alpha / 2 * mean @ mean - np.linalg.slogdet(precision)[1] / 2)
    assert log_evidence(features, labels) == pytest.approx(np.mean(found) / count, abs=1e-8)


def test_logme_knows_informative_features_and_forgets_units_and_rotations():
    features, labels = drawn(4, 60, 8)
    noise = np.random.default_rng(5).standard_normal(features.shape)
    assert log_evidence(features, labels) > log_evidence(noise, labels) + 0.1
    rotation = np.linalg.qr(noise[:8])[0]
    assert log_evidence(7 * features @ rotation, labels) == pytest.approx(log_evidence(features, labels), abs=1e-9)
    assert np.isfinite(log_evidence(np.zeros((6, 2)), np.arange(6) % 2))  # constant features: no signal, a value


def test_knn_is_scikit_learns():
    features, labels = drawn(6, 90, 8)
    order = np.random.default_rng(7).permutation(90)
    train, test = order[:60], order[60:]
    peer = KNeighborsClassifier(20, metric="cosine", weights=lambda distance: np.exp(-distance / TEMPERATURE))
    expected = peer.fit(features[train], labels[train]).score(features[test], labels[test])
    assert 0.4 < knn_accuracy(features[train], labels[train], features[test], labels[test]) == pytest.approx(expected)
    assert knn_accuracy(features[:1], labels[:1], features[:4], labels[:4]) == 0.5  # fewer images than neighbours


def test_what_has_no_evidence_is_refused():
    with pytest.raises(InputError, match="NaN or infinite"):
        log_evidence(np.full((4, 2), np.nan), np.arange(4) % 2)
    with pytest.raises(InputError, match="one class alone"):
        log_evidence(np.ones((4, 2)), np.zeros(4, int))
