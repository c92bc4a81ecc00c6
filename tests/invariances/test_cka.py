"""CKA against its invariances, brute force, chance formulas and another library."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from whypretrain import invariances
from whypretrain.errors import InputError
from whypretrain.invariances import cka_matrix, linear_cka

ESTIMATES = pytest.mark.parametrize("unbiased", [False, True])


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def rotation(d: int) -> np.ndarray:
    return np.linalg.qr(normal(d, d, seed=5))[0]


def hsic_by_definition(k: np.ndarray, m: np.ndarray, *, unbiased: bool) -> float:
    """Centring matrices, and the three terms of the unbiased estimator, written out."""
    n = len(k)
    if not unbiased:
        h = np.eye(n) - np.ones((n, n)) / n
        return np.trace(h @ k @ h @ h @ m @ h)
    k, m, one = k - np.diag(np.diag(k)), m - np.diag(np.diag(m)), np.ones(n)
    terms = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return (terms - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3))


def cka_by_definition(x: np.ndarray, y: np.ndarray, *, unbiased: bool) -> float:
    k, m = x @ x.T, y @ y.T
    xy, xx, yy = (hsic_by_definition(a, b, unbiased=unbiased) for a, b in ((k, m), (k, k), (m, m)))
    return xy / np.sqrt(xx * yy)


@ESTIMATES
@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: x @ rotation(40),
        lambda x: -3.7 * x,
        lambda x: x + normal(40, seed=9),
        lambda x: x[:, np.random.default_rng(1).permutation(40)],
    ],
    ids=["same", "rotated", "scaled", "shifted", "columns permuted"],
)
def test_is_one_under_its_invariances(change, unbiased):
    x = normal(500, 40)
    assert linear_cka(x, change(x), unbiased=unbiased) == pytest.approx(1, abs=1e-10)


def test_is_below_one_under_a_general_linear_map():
    x = normal(500, 40)
    assert 0.6 < linear_cka(x, x @ normal(40, 40, seed=3)) < 0.85


@ESTIMATES
@pytest.mark.parametrize(("d_x", "d_y"), [(3, 5), (12, 70), (90, 64), (400, 300)])
def test_agrees_with_the_definition_in_both_forms(d_x, d_y, unbiased):
    """Narrow features take the feature form, wide ones the Gram form."""
    x, noise = normal(60, d_x) + 2, normal(60, d_y, seed=1)
    y = noise + x @ normal(d_x, d_y, seed=2) / d_x
    assert linear_cka(x, y, unbiased=unbiased) == pytest.approx(cka_by_definition(x, y, unbiased=unbiased), abs=1e-12)


@ESTIMATES
def test_feature_form_equals_gram_form(unbiased):
    x, y = normal(300, 20), normal(300, 30, seed=1)
    from_grams = invariances.cka_of_grams(invariances.gram(x), invariances.gram(y), unbiased=unbiased)
    assert linear_cka(x, y, unbiased=unbiased) == pytest.approx(float(from_grams), abs=1e-12)


def test_unbiased_hsic_ignores_centring():
    """The Gram form is handed centred matrices; the estimate is that of the plain ones."""
    x, y = normal(50, 8) + 4, normal(50, 6, seed=1) - 2
    y[:, :6] += x[:, :6] / 3
    centred = (invariances.gram(z) for z in (x, y))
    found = float(invariances.cka_of_grams(*centred, unbiased=True))
    assert found == pytest.approx(cka_by_definition(x, y, unbiased=True), abs=1e-10)
    assert found != pytest.approx(linear_cka(x, y), abs=0.01)


@pytest.mark.parametrize(("n", "d"), [(500, 768), (100, 768)])
def test_chance_level_of_independent_features(n, d):
    """1 / sqrt((1 + n/R) (1 + n/R)) with participation ratio R = d; none for the unbiased estimate."""
    x, y = normal(n, d), normal(n, d, seed=1)
    assert linear_cka(x, y) == pytest.approx(1 / (1 + n / d), rel=0.01)
    assert abs(linear_cka(x, y, unbiased=True)) < 0.02


def test_chance_level_of_uneven_spectra():
    """1 / sqrt((1 + n / R_x) (1 + n / R_y)) with participation ratios R = (Σ λ)² / Σ λ², not the widths."""
    n, spectra = 400, (np.linspace(0.5, 2, 300), 0.99 ** np.arange(500))
    x, y = (normal(n, len(values), seed=k) * np.sqrt(values) for k, values in enumerate(spectra))
    ratios = [values.sum() ** 2 / (values**2).sum() for values in spectra]
    assert ratios[1] < 0.5 * len(spectra[1])
    expected = np.prod([1 + n / ratio for ratio in ratios]) ** -0.5
    assert linear_cka(x, y) == pytest.approx(expected, rel=0.01)


@pytest.mark.slow
def test_chance_level_of_flattened_tokens():
    """0.987 at 500 images of 38,400 features, as many as the tokens of a ViT-B/32 have: biased CKA says nothing."""
    x, y = (normal(500, 38_400, seed=k).astype(np.float32) for k in range(2))
    assert linear_cka(x, y) == pytest.approx(0.987, abs=0.001)


def test_chance_level_of_permuted_rows():
    """R / (R + n - 1) for rows of the same matrix paired at random, R the participation ratio."""
    n, d = 500, 40
    x, draws = normal(n, d), np.random.default_rng(2)
    values = [linear_cka(x, x[draws.permutation(n)]) for _ in range(200)]
    assert np.mean(values) == pytest.approx(d / (d + n - 1), rel=0.01)


def test_agrees_with_pytorch_cka():
    peer = pytest.importorskip("cka", reason="pytorch-cka is not installed")
    x, y = torch.from_numpy(normal(80, 120)), torch.from_numpy(normal(80, 30, seed=1))
    y = y + x[:, :30]
    assert linear_cka(x, y, unbiased=True) == pytest.approx(float(peer.cka_from_features(x, y)), abs=1e-6)


@ESTIMATES
def test_numpy_torch_and_precision_agree(unbiased):
    x, y = normal(40, 10).astype(np.float32), normal(40, 9, seed=1).astype(np.float32)
    value = linear_cka(x, y, unbiased=unbiased)
    assert linear_cka(torch.from_numpy(x), torch.from_numpy(y).double(), unbiased=unbiased) == value
    assert linear_cka(x.reshape(40, 2, 5), y, unbiased=unbiased) == value


@pytest.mark.parametrize(
    ("x", "y", "unbiased", "words"),
    [
        (normal(3, 4), normal(3, 4), True, "at least 4"),
        (normal(1, 4), normal(1, 4), False, "at least 2"),
        (normal(5, 4), normal(6, 4), False, "5 and 6"),
        (np.ones((6, 4)), normal(6, 4), False, "same for every image"),
        (normal(6, 4), np.full((6, 4), 0.1, dtype=np.float32), True, "same for every image"),
        (np.eye(6)[:, :1], normal(6, 4), True, "vary too little|same for every image"),
        (np.full((6, 4), np.nan), normal(6, 4), False, "NaN"),
    ],
    ids=["few unbiased", "one image", "mismatch", "constant", "constant float32", "one outlier", "nan"],
)
def test_bad_input(x, y, unbiased, words):
    with pytest.raises(InputError, match=words):
        linear_cka(x, y, unbiased=unbiased)


@ESTIMATES
@pytest.mark.parametrize("images", [20, 700])
def test_matrix_holds_the_cka_of_every_pair(unbiased, images):
    xs, ys = ([normal(images, d, seed=d) for d in widths] for widths in ((3, 30), (5, 8, 40)))
    expected = [[linear_cka(x, y, unbiased=unbiased) for y in ys] for x in xs]
    np.testing.assert_allclose(cka_matrix(xs, ys, unbiased=unbiased), expected, atol=1e-12)


def test_matrix_needs_the_same_images():
    with pytest.raises(InputError, match="20 and 19 rows"):
        cka_matrix([normal(20, 3)], [normal(19, 3)])
