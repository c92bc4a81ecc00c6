import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.interactions import log_odds


def exact(logits: np.ndarray, label: int) -> np.ndarray:
    from scipy.special import logsumexp

    return logits[..., label] - logsumexp(np.delete(logits, label, axis=-1), axis=-1)


def test_it_is_the_log_odds_of_the_softmax() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 5))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(log_odds(logits, 3), np.log(p[:, 3] / (1 - p[:, 3])), atol=1e-12)


@pytest.mark.parametrize("kind", ["numpy", "torch"])
@pytest.mark.parametrize("largest", [1.0, 20.0, 80.0])
def test_float32_is_accurate_up_to_logits_of_80(kind: str, largest: float) -> None:
    logits = np.random.default_rng(0).uniform(-largest, largest, size=(500, 200)).astype(np.float32)
    logits[:, 7] = np.linspace(-largest, largest, 500)
    found = log_odds(torch.from_numpy(logits), 7).numpy() if kind == "torch" else log_odds(logits, 7)
    expected = exact(logits.astype(np.float64), 7)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert (np.abs(found - expected) / np.maximum(1, np.abs(expected))).max() < 1e-5


def test_labels_broadcast_against_the_leading_axes() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 3, 5))
    labels = np.array([4, 0, 2])
    found = log_odds(logits, labels)
    assert found.shape == (4, 3)
    for column, label in enumerate(labels):
        np.testing.assert_allclose(found[:, column], exact(logits[:, column], label), atol=1e-12)
    np.testing.assert_allclose(log_odds(torch.from_numpy(logits), torch.from_numpy(labels)), found, atol=1e-12)


def test_a_single_logit_is_the_log_odds_of_class_one() -> None:
    logits = np.array([[2.5], [-1.0]])
    np.testing.assert_allclose(log_odds(logits, np.array([1, 0])), [2.5, 1.0])
    np.testing.assert_allclose(log_odds(torch.from_numpy(logits), np.array([1, 0])), [2.5, 1.0])


@pytest.mark.parametrize("label", [-1, 5])
def test_a_label_outside_the_classes_is_refused(label: int) -> None:
    with pytest.raises(InputError, match=f"label {label} is no class of a model with 5 classes"):
        log_odds(np.zeros((2, 5)), label)
