"""Intervals against closed forms, SciPy and their own coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from whypretrain.statistics import (
    holm,
    paired_interval,
    pearson,
    ratio_estimate,
    ratio_interval,
    sample_interval,
    seed_estimate,
    seed_interval,
    spearman,
    spearman_interval,
)


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_seed_interval_is_students(random: np.random.Generator) -> None:
    values = random.normal(size=5)
    found = seed_interval(values, confidence=0.9)
    expected = stats.t.interval(0.9, 4, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.estimate == pytest.approx(values.mean())


def test_p_value_is_that_of_the_t_test(random: np.random.Generator) -> None:
    values = random.normal(size=6)
    assert seed_estimate(values).p_value(0.4) == pytest.approx(stats.ttest_1samp(values, 0.4).pvalue)


def test_interval_touches_the_bound_whose_p_value_is_its_level(random: np.random.Generator) -> None:
    estimate = seed_estimate(random.normal(size=4))
    assert estimate.p_value(estimate.interval(0.95).low) == pytest.approx(0.05)


@pytest.mark.parametrize("values", [[0.3], [0.3, np.nan]])
def test_one_seed_has_no_bounds(values: list[float]) -> None:
    found = seed_interval(values)
    assert found.estimate == 0.3
    assert np.isnan([found.low, found.high]).all()
    assert seed_estimate(values).p_value(0) == 1


def test_no_seed_has_no_estimate() -> None:
    assert np.isnan(seed_interval([]).estimate)


def test_equal_values_leave_no_doubt() -> None:
    estimate = seed_estimate([0.5, 0.5, 0.5])
    assert estimate.interval(0.95).low == 0.5
    assert (estimate.p_value(0.5), estimate.p_value(0.4)) == (1, 0)


def test_two_strata_give_welchs_test(random: np.random.Generator) -> None:
    a, b = random.normal(size=3), random.normal(2, 3, size=5)
    estimate = seed_estimate([*a, *-b], ["a"] * 3 + ["b"] * 5)  # half the difference of the means
    assert estimate.p_value(0) == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)


def test_stratum_of_one_run_leaves_the_error_open() -> None:
    estimate = seed_estimate([1.0, 2.0, 3.0], ["a", "a", "b"])
    assert estimate.value == pytest.approx((1.5 + 3) / 2)
    assert np.isnan(estimate.error)


def test_paired_interval_is_that_of_the_differences(random: np.random.Generator) -> None:
    a, b = random.normal(size=(2, 4))
    assert paired_interval(a, b) == seed_interval(a - b)


def test_ratio_is_that_of_the_sums() -> None:
    assert ratio_interval([[1, 2], [3, 4]], [[2, 2], [5, 11]]).estimate == 0.5


def test_ratio_ignores_unknown_pairs_and_empty_seeds() -> None:
    top = [[1.0, np.nan, 2.0], [np.nan] * 3, [2.0, 1.0, 0.0]]
    bottom = [[2.0, 9.0, 4.0], [1.0] * 3, [4.0, 2.0, np.nan]]
    estimate = ratio_estimate(top, bottom, ["a", "b", "a"])
    assert (estimate.value, estimate.runs) == (0.5, 2)


def test_ratio_of_one_seed_has_no_bounds(random: np.random.Generator) -> None:
    found = ratio_interval(random.uniform(size=(1, 30)), np.ones((1, 30)))
    assert np.isnan([found.low, found.high]).all()


def test_ratio_by_zero_is_undefined() -> None:
    assert np.isnan(ratio_interval(np.ones((3, 2)), np.zeros((3, 2))).estimate)


def test_bootstrap_error_of_samples_alone(random: np.random.Generator) -> None:
    """Runs that are alike: only samples vary, so the error is about that of a mean of all of them."""
    values = np.tile(random.normal(1, 0.5, size=200), (4, 1))
    estimate = ratio_estimate(values, np.ones_like(values), resamples=4000, seed=1)
    expected = values[0].std() / np.sqrt(values.size) * np.sqrt(4 / 3)
    assert estimate.error == pytest.approx(expected, rel=0.05)


def test_bootstrap_error_of_runs_alone() -> None:
    """Samples that are alike: the error is that of the runs' mean."""
    values = np.repeat([[0.2], [0.5], [0.9], [0.4]], 10, axis=1)
    estimate = ratio_estimate(values, np.ones_like(values), resamples=8000, seed=1)
    assert estimate.error == pytest.approx(stats.sem(values[:, 0]), rel=0.05)


def test_same_seed_same_interval(random: np.random.Generator) -> None:
    top = random.uniform(size=(3, 20))
    first, again = (ratio_interval(top, np.ones_like(top), seed=3) for _ in range(2))
    other = ratio_interval(top, np.ones_like(top), seed=4)
    assert first == again
    assert first != other


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_ratio_interval_covers_the_truth(random: np.random.Generator, spread: float) -> None:
    """95 % intervals of 3 seeds x 20 samples hold the true ratio in 93 % of the cases or more."""
    covered = 0
    for repetition in range(300):
        truth = 0.3 + spread * random.normal(size=(3, 1))
        below = random.uniform(0.5, 1.5, size=(3, 20))
        found = ratio_interval(truth * below + 0.2 * random.normal(size=(3, 20)), below, resamples=200, seed=repetition)
        covered += found.low <= 0.3 <= found.high
    assert covered >= 0.93 * 300


def test_seed_interval_covers_at_its_level(random: np.random.Generator) -> None:
    found = [seed_interval(random.normal(size=3), 0.8) for _ in range(2000)]
    assert np.mean([f.low <= 0 <= f.high for f in found]) == pytest.approx(0.8, abs=0.03)


def test_holm_by_hand() -> None:
    assert holm([0.01, np.nan, 0.04, 0.03]).tolist() == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)


def test_holm_keeps_the_family_error(random: np.random.Generator) -> None:
    wrong = [(holm(random.uniform(size=10)) < 0.05).any() for _ in range(2000)]
    assert np.mean(wrong) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize(("ours", "theirs"), [(pearson, stats.pearsonr), (spearman, stats.spearmanr)])
def test_correlations_agree_with_scipy(random: np.random.Generator, ours, theirs) -> None:  # type: ignore[no-untyped-def]
    x, y = random.integers(0, 6, size=(2, 30)).astype(float)  # with ties
    known = np.r_[x, np.nan], np.r_[y, 1.0]
    assert ours(*known) == pytest.approx(theirs(x, y).statistic)


@pytest.mark.parametrize("x", [[1.0, 2.0], [1.0, 1.0, 1.0], [np.nan] * 4])
def test_correlation_needs_three_pairs_that_vary(x: list[float]) -> None:
    assert np.isnan(pearson(x, x))


@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_spearman_s_interval_holds_the_truth_as_often_as_it_says(
    random: np.random.Generator, correlation: float
) -> None:
    truth = 6 / np.pi * np.arcsin(correlation / 2)  # of a bivariate normal distribution
    inside = 0
    for _ in range(400):
        x, noise = random.normal(size=(2, 25))
        found = spearman_interval(x, correlation * x + np.sqrt(1 - correlation**2) * noise)
        inside += found.low <= truth <= found.high
    assert inside / 400 == pytest.approx(0.95, abs=0.035)


def test_spearman_s_interval_is_not_defined_for_few_pairs_or_perfect_order() -> None:
    assert np.isnan(spearman_interval([1, 2, 3, 4], [2, 1, 4, 3]).low)
    assert np.isnan(spearman_interval(range(9), range(9)).low)
    assert spearman_interval(range(9), range(9)).estimate == pytest.approx(1)


def test_sample_interval_is_that_of_a_mean_over_samples(random: np.random.Generator) -> None:
    values = random.normal(1, 1, 200)
    found = sample_interval(values, np.ones(200))
    expected = stats.norm.interval(0.95, values.mean(), stats.sem(values))
    assert found.estimate == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(expected, abs=0.02)
