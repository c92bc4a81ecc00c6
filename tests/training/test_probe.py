import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from whypretrain.errors import InputError
from whypretrain.training import Recipe, fit_probe

RECIPE = Recipe(steps=200, batch_size=16, learning_rate=0.05)


def _blobs(classes=3, per_class=20, width=5, spread=0.5, seed=0):
    random = np.random.default_rng(seed)
    centres = 2 * random.standard_normal((classes, width))
    labels = np.repeat(np.arange(classes), per_class)
    features = centres[labels] + spread * random.standard_normal((len(labels), width))
    return (10 * features + 50).astype(np.float32), labels


@pytest.mark.parametrize("classes", [2, 3])
def test_strong_is_the_minimum_of_the_penalised_likelihood(classes):
    """Against a plain minimisation of the same objective on standardised features."""
    features, labels = _blobs(classes, spread=3.0)
    probe = fit_probe(features, labels, seed=0)
    mean, std = features.mean(0), features.std(0)
    inputs = (features - mean) / std

    # scikit-learn penalises two classes by |w|^2 / 2 of one vector: as two opposite halves, twice as much
    scale = 2.0 if classes == 2 else 1.0

    def objective(flat):
        weight, bias = flat[: classes * 5].reshape(classes, 5), flat[classes * 5 :]
        likelihood = log_softmax(inputs @ weight.T + bias, axis=1)[np.arange(len(labels)), labels].sum()
        return -probe.about["C"] * likelihood + scale * (weight**2).sum() / 2

    best = minimize(objective, np.zeros(classes * 6), options={"gtol": 1e-8}).x
    expected = log_softmax(inputs @ best[: classes * 5].reshape(classes, 5).T + best[classes * 5 :], axis=1)
    ours = log_softmax(features @ probe.weight.T.astype(np.float64) + probe.bias, axis=1)
    np.testing.assert_allclose(ours, expected, atol=2e-3)


@pytest.mark.parametrize(("mode", "per_class"), [("strong", 20), ("strong", 400), ("strong", 1), ("paper", 20)])
def test_probes_learn_separable_features(mode, per_class):
    features, labels = _blobs(per_class=per_class, spread=0.2)
    scale = 1.0 if mode == "strong" else 0.1
    probe = fit_probe(scale * features, labels, seed=0, mode=mode, recipe=RECIPE)
    assert probe.weight.shape == (3, 5)
    assert np.mean(probe.predict(scale * features) == labels) > 0.98


def test_the_only_image_of_a_class_is_trained_on_never_held_out():
    features, labels = _blobs(spread=2.0)
    kept = np.r_[0:41]  # 20, 20 and 1 images
    probe = fit_probe(features[kept], labels[kept], seed=0)
    assert 0 < probe.about["held_out_accuracy"] <= 1
    alone = fit_probe(features[[0, 20, 40]], labels[[0, 20, 40]], seed=0)
    assert alone.about["held_out_accuracy"] is None
    assert alone.predict(features[[0, 20, 40]]).tolist() == [0, 1, 2]


@pytest.mark.parametrize("mode", ["strong", "paper"])
def test_same_seed_same_bytes(mode):
    features, labels = _blobs(spread=2.0)
    first, again = (fit_probe(features, labels, seed=5, mode=mode, recipe=RECIPE) for _ in range(2))
    assert first.weight.tobytes() == again.weight.tobytes()
    assert first.bias.tobytes() == again.bias.tobytes()


def test_useless_features_are_held_down():
    """With labels at random a strong penalty does best on held-out images."""
    random = np.random.default_rng(0)
    probe = fit_probe(random.standard_normal((200, 50)).astype(np.float32), random.integers(0, 2, 200), seed=0)
    assert probe.about["C"] <= 0.01
    assert probe.about["held_out_accuracy"] < 0.65


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda features, labels: (np.where(features > 60, np.nan, features), labels), "NaN"),
        (lambda features, labels: (features, np.where(labels == 1, 2, labels)), "class 1 has no training images"),
    ],
)
def test_broken_input_is_named(change, message):
    with pytest.raises(InputError, match=message):
        fit_probe(*change(*_blobs()), seed=0)


@pytest.mark.parametrize("mode", ["weak", "paper"])
def test_unknown_mode_or_missing_recipe_is_refused(mode):
    with pytest.raises(InputError, match="mode"):
        fit_probe(*_blobs(), seed=0, mode=mode)


def test_the_strong_probe_does_without_torch():
    code = "import sys; from whypretrain.training import fit_probe, scores; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
