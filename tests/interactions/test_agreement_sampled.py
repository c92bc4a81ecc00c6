from collections.abc import Sequence
from math import comb

import numpy as np
import pytest
from planted import from_coefficients, related

from whypretrain.errors import InputError
from whypretrain.interactions import agreement, agreement_sampled, coalitions_predicted, walsh
from whypretrain.interactions.agreement import inner
from whypretrain.interactions.pairs import all_pairs, kernels

TRUTH, VARIANCE = (0.45, 0.2, 0.1), (0.62, 0.2, 0.1, 0.05, 0.03)


def drawn(
    random: np.random.Generator, v: Sequence[np.ndarray], number: int, *, shared: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of two models, (S, 2^n) each, on random coalitions, and their masks."""
    samples, n = len(v[0]), v[0].shape[-1].bit_length() - 1
    masks = random.random((number, n) if shared else (samples, number, n)) < 0.5
    index = np.broadcast_to((masks << np.arange(n)).sum(axis=-1), (samples, number))
    a, b = (np.take_along_axis(scores, index, axis=1) for scores in v)
    return a, b, masks


def games(random: np.random.Generator, samples: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    a, b = (from_coefficients(w) for w in related(random, (samples,), n, TRUTH, VARIANCE))
    return 3 + a, 2 * b  # a mean that must be taken off, a factor that must not matter


@pytest.mark.parametrize("n", [3, 8])
def test_kernels_are_krawtchouk_polynomials_of_the_distance(n: int) -> None:
    x, y = np.random.default_rng(n).choice([-1.0, 1.0], size=(2, 20, n))
    distance = (x[:, None] != y).sum(axis=-1)
    for degree, kernel in enumerate(kernels(x, y, n), start=1):
        expected = [
            sum((-1) ** j * comb(d, j) * comb(n - d, degree - j) for j in range(degree + 1)) for d in range(n + 1)
        ]
        np.testing.assert_allclose(kernel, np.array(expected)[distance], atol=1e-9)


@pytest.mark.parametrize("at_once", [1 << 20, 100])
def test_pairs_are_the_sums_of_their_definition(monkeypatch, at_once: int) -> None:
    monkeypatch.setattr("whypretrain.interactions.pairs.AT_ONCE", at_once)  # 100: several blocks of rows
    random, number, n = np.random.default_rng(0), 30, 40  # too few coalitions to fit single players
    a, b = random.normal(size=(2, 2, number))
    masks = random.random((number, n)) < 0.5
    found = all_pairs(a, b, masks, 2)
    signs = 2.0 * masks - 1
    x, y = ((s - s.mean(axis=1, keepdims=True)) / (1 - 1 / number) for s in (a, b))
    apart = ~np.eye(number, dtype=bool)
    for place, kernel in enumerate(kernels(signs, signs, 2)):
        for sample in range(2):
            outer = np.multiply.outer
            p, q = x[sample], y[sample]
            terms = np.stack([(outer(p, q) + outer(q, p)) / 2, outer(p, p), outer(q, q)]) * kernel * apart
            pairs = number * (number - 1)
            np.testing.assert_allclose(found.sums[sample, place], terms.sum(axis=(1, 2)) / pairs)
            np.testing.assert_allclose(found.rows[sample, place], terms.sum(axis=2) / (number - 1))
            expected = np.einsum("uij,vij->uv", terms, terms) / pairs
            np.testing.assert_allclose(found.squares[sample, place], expected)
    covariance = [np.cov(a[0], b[0])[0, 1], a[0].var(ddof=1), b[0].var(ddof=1)]
    np.testing.assert_allclose(found.sums[0, -1] * (1 - 1 / number) ** 2, covariance)


@pytest.mark.parametrize(("n", "number"), [(8, 100), (10, 200), (12, 200)])
def test_sums_of_products_are_unbiased(n: int, number: int) -> None:
    random = np.random.default_rng(n)
    v = games(random, 1, n)
    a, b, masks = drawn(random, [np.broadcast_to(scores, (300, 1 << n)) for scores in v], number, shared=False)
    found = np.array([all_pairs(a[[x]], b[[x]], masks[x], 3).sums[0] for x in range(300)])  # (300, 4, 3)
    (x, y) = (walsh(scores) * (np.arange(1 << n) > 0) for scores in v)
    exact = np.stack([inner(*both)[0] for both in ((x, y), (x, x), (y, y))], axis=-1)[[0, 1, 2, -1]]
    errors = (found.mean(axis=0) - exact) / (found.std(axis=0) / np.sqrt(300))
    assert np.abs(errors).max() < 4
    assert np.abs(found.mean(axis=0) / exact - 1)[:, 1:].max() < 0.15  # so small an error is a test


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(("n", "number"), [(8, 150), (10, 200), (12, 250)])
def test_intervals_cover_where_they_are_defined(n: int, number: int, shared: bool) -> None:
    random = np.random.default_rng([n, shared])
    of_these, of_all = [], []
    for _ in range(400):
        v = games(random, 5, n)
        found = agreement_sampled(*drawn(random, v, number, shared=shared))
        exact = agreement(*v)
        low, high = found.exact_bounds()
        known = ~np.isnan(found.by_degree)
        of_these += [*((low <= exact.by_degree[:3]) & (exact.by_degree[:3] <= high))[known]]
        of_all += [*((found.low <= TRUTH) & (np.array(TRUTH) <= found.high))[known]]
    assert len(of_these) > 1000
    assert 0.93 <= np.mean(of_these) <= 0.97
    assert 0.93 <= np.mean(of_all) <= 0.97


def test_all_degrees_are_the_correlation_of_scores() -> None:
    random = np.random.default_rng(0)
    v = games(random, 6, 10)
    a, b, masks = drawn(random, v, 400, shared=False)
    found = agreement_sampled(a, b, masks)
    x, y = (scores - scores.mean(axis=1, keepdims=True) for scores in (a, b))
    assert found.all == pytest.approx((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum()))
    assert abs(found.all - agreement(*v).all) < 4 * found.all_error
    assert found.all_low < found.all < found.all_high


def test_a_function_agrees_with_itself() -> None:
    random = np.random.default_rng(1)
    v = games(random, 5, 10)[0]
    a, _, masks = drawn(random, (v, v), 200, shared=True)
    found = agreement_sampled(a, 1 - 2 * a, masks)
    np.testing.assert_allclose(found.by_degree, -1)
    np.testing.assert_allclose(found.error, 0, atol=1e-6)
    assert found.all == pytest.approx(-1)


def test_degrees_without_clear_variance_are_undefined_and_counted() -> None:
    random = np.random.default_rng(2)
    a, b = (from_coefficients(w) for w in related(random, (6,), 10, [0.5], [1.0]))
    found = agreement_sampled(*drawn(random, (a, b), 300, shared=False))
    assert np.isfinite(found.by_degree[0])
    assert np.isnan(found.by_degree[1:]).all()
    for part in (found.low, found.high, found.error, found.kept, found.coalitions_needed()):
        assert np.isnan(part[1:]).all()
        assert np.isfinite(part[0])
    assert found.n_undefined.tolist() == [0, 6, 6]
    assert found.all_undefined == 0


def test_the_error_at_more_coalitions_is_predicted() -> None:
    random = np.random.default_rng(3)
    v = games(random, 20, 10)
    few = agreement_sampled(*drawn(random, v, 300, shared=False))
    more = agreement_sampled(*drawn(random, v, 1200, shared=False))
    predicted = np.sqrt(4 * few.first / 1200 + 2 * few.second / 1200**2)
    np.testing.assert_allclose(predicted, more.error, rtol=0.3)
    needed = few.coalitions_needed(0.02)
    np.testing.assert_allclose(4 * few.first / needed + 2 * few.second / needed**2, 0.02**2, rtol=0.01)
    before = coalitions_predicted(10, VARIANCE[:3], samples=20, fitted=2)
    ratio = before / more.coalitions_needed(0.02)
    assert ((ratio > 0.5) & (ratio < 2)).all()


def test_many_players_are_estimated() -> None:
    random, n, number = np.random.default_rng(4), 100, 600
    masks = random.random((10, number, n)) < 0.5
    signs = 2.0 * masks - 1
    ones, pairs = random.normal(size=(2, 10, n)) / 10, random.normal(size=(2, 10, n - 1)) / 20
    ones[1], pairs[1] = 0.6 * ones[0] + 0.8 * ones[1], 0.6 * pairs[0] + 0.8 * pairs[1]
    neighbours = signs[..., 1:] * signs[..., :-1]
    a, b = (np.einsum("spn,sn->sp", signs, ones[m]) + np.einsum("spn,sn->sp", neighbours, pairs[m]) for m in (0, 1))
    found = agreement_sampled(a, b, masks, max_degree=2)
    for at, w in enumerate((ones, pairs)):
        exact = (w[0] * w[1]).sum() / np.sqrt((w[0] ** 2).sum() * (w[1] ** 2).sum())
        assert abs(found.by_degree[at] - exact) < 3 * found.error[at] < 0.4


MASKS = np.random.default_rng(5).random((40, 6)) < 0.5
SCORES = np.random.default_rng(6).normal(size=(3, 40))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"shapes \(3, 40\) and \(2, 40\): give \(samples, coalitions\)"):
        agreement_sampled(SCORES, SCORES[:2], MASKS)
    with pytest.raises(InputError, match=r"bool of shape \(39, 6\): give Booleans, \(40, players\)"):
        agreement_sampled(SCORES, SCORES, MASKS[:39])
    with pytest.raises(InputError, match=r"masks are int64"):
        agreement_sampled(SCORES, SCORES, MASKS.astype(np.int64))
    with pytest.raises(InputError, match="max_degree 7 is outside 1 to 6"):
        agreement_sampled(SCORES, SCORES, MASKS, max_degree=7)
    with pytest.raises(InputError, match="9 coalitions are too few"):
        agreement_sampled(SCORES[:, :9], SCORES[:, :9], MASKS[:9])
    with pytest.raises(InputError, match="not finite"):
        agreement_sampled(np.where(SCORES > 2, np.inf, SCORES), SCORES, MASKS)
    with pytest.raises(InputError, match="error 0 is not positive"):
        agreement_sampled(SCORES, SCORES, MASKS).coalitions_needed(0)
    with pytest.raises(InputError, match=r"variance_shares \[0.5, 0.6\]"):
        coalitions_predicted(10, [0.5, 0.6], samples=40)
