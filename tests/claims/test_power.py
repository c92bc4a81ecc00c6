"""What would decide a claim, against simulated experiments: how often a test of so many seeds or samples decides."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from whypretrain.claims import Range
from whypretrain.claims.power import POWER, excluded, needed
from whypretrain.claims.runs import RUN, samples_error
from whypretrain.statistics import Estimate

ABOVE = Range.parse("> 0")


def decided(means: np.ndarray, alpha: float = 0.05) -> float:
    """Fraction of experiments (rows) whose runs exclude 0."""
    n = means.shape[1]
    t_value = means.mean(1) / (means.std(1, ddof=1) / math.sqrt(n))
    return float((np.abs(t_value) > student.ppf(1 - alpha / 2, n - 1)).mean())


def fewest(effect: float, spread: float, alpha: float) -> int:
    """The fewest seeds with which at least POWER of simulated experiments decide."""
    random = np.random.default_rng(0)
    numbers = range(3, 200)
    return next(n for n in numbers if decided(random.normal(effect, spread, (4000, n)), alpha) >= POWER)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 12])
@pytest.mark.parametrize("effect", [0.4, 0.8, 1.5, 4.0])
def test_seeds_are_those_that_simulations_take(effect: float, alpha: float) -> None:
    for pilot in (3, 6):
        estimate = Estimate(effect, 1 / math.sqrt(pilot), pilot - 1, pilot)
        found = needed([(estimate, ABOVE, alpha)], seeds=pilot, minimum=3).seeds
        assert found is not None
        assert 1 / 1.5 <= found / fewest(effect, 1.0, alpha) <= 1.5


@pytest.mark.parametrize(("between", "within"), [(0.05, 2.0), (0.2, 2.0), (0.35, 1.0)])
def test_samples_are_those_that_simulations_take(between: float, within: float) -> None:
    """Runs differ by `between`, each is a mean over samples that differ by `within`; five seeds, effect 0.5."""
    seeds, samples, random = 5, 20, np.random.default_rng(1)
    error = math.sqrt((between**2 + within**2 / samples) / seeds)
    part = within**2 / samples / seeds
    estimate = Estimate(0.5, error, seeds - 1, seeds)
    found = needed([(estimate, ABOVE, 0.05)], seeds=seeds, minimum=3, samples=samples, within=part).samples
    for number in range(samples, 2000, 5):
        spread = math.sqrt(between**2 + within**2 / number)
        if decided(random.normal(0.5, spread, (4000, seeds))) >= POWER:
            assert found is not None
            assert 1 / 1.5 <= found / number <= 1.5
            return
    assert found is None


def test_the_part_of_samples_is_that_of_drawing_them_anew() -> None:
    """Three runs whose ratios differ; samples are drawn again and again, the runs stay."""
    random, ratios = np.random.default_rng(3), np.array([0.2, 0.3, 0.5])
    index = pd.MultiIndex.from_product([["vit"], ["digits"], range(3), range(16)], names=[*RUN, "sample"])
    values, errors = [], []
    for _ in range(120):
        bottom = random.uniform(0.5, 1.5, (3, 16))
        top = ratios[:, None] * bottom + random.normal(0, 0.2, (3, 16))
        values.append(top.sum() / bottom.sum())
        sums = pd.DataFrame({"numerator": top.ravel(), "denominator": bottom.ravel()}, index=index)
        errors.append(samples_error(sums))
    assert np.mean(errors) == pytest.approx(np.var(values), rel=0.3)


def test_pilots_are_right_in_the_middle() -> None:
    """From the runs of a pilot the number varies, but half of the pilots ask for too few and half for too many."""
    random, true = np.random.default_rng(2), fewest(1.0, 1.0, 0.05)
    found = []
    for runs in random.normal(1.0, 1.0, (150, 10)):
        estimate = Estimate(runs.mean(), runs.std(ddof=1) / math.sqrt(10), 9, 10)
        found.append(needed([(estimate, ABOVE, 0.05)], seeds=10, minimum=3).seeds or math.inf)
    assert 1 / 1.5 <= np.median(found) / true <= 1.5


def test_no_number_of_samples_makes_up_for_runs_that_differ() -> None:
    estimate = Estimate(0.1, 0.1, 2, 3)
    found = needed([(estimate, ABOVE, 0.05)], seeds=3, minimum=3, samples=20, within=0.001)
    assert found.samples is None
    assert found.seeds is not None
    assert found.text == f"about {found.seeds} seeds"


def test_both_bounds_of_a_range_count() -> None:
    estimate = Estimate(0.1, 0.05, 4, 5)
    one, both = (needed([(estimate, Range.parse(text), 0.05)], seeds=5, minimum=3) for text in ("> 0", "0 .. 0.2"))
    assert one.seeds is not None
    assert both.seeds is not None
    assert both.seeds > one.seeds


def test_a_control_that_explains_it_is_not_outvoted() -> None:
    claim, control = Estimate(1.0, 0.1, 2, 3), Estimate(-0.1, 0.1, 2, 3)
    found = needed([(claim, ABOVE, 0.05), (control, ABOVE, 0.05)], seeds=3, minimum=3)
    assert (found.seeds, found.text) == (None, "")
    assert "its control explains as much" in found.reason


def test_a_close_control_takes_seeds_too() -> None:
    claim, control = Estimate(1.0, 0.1, 2, 3), Estimate(0.1, 0.1, 2, 3)
    alone = needed([(claim, ABOVE, 0.05)], seeds=3, minimum=3).seeds
    together = needed([(claim, ABOVE, 0.05), (control, ABOVE, 0.05)], seeds=3, minimum=3).seeds
    assert alone is not None
    assert together is not None
    assert together > 2 * alone


def test_one_seed_has_no_spread_to_go_by() -> None:
    found = needed([(Estimate(1.0, np.nan, 0.0, 1), ABOVE, 0.05)], seeds=1, minimum=3)
    assert found.seeds == 3


def test_an_effect_on_the_bound_takes_more_than_can_be_had() -> None:
    found = needed([(Estimate(1e-6, 1.0, 2, 3), ABOVE, 0.05)], seeds=3, minimum=3)
    assert (found.seeds, found.text) == (None, "")
    assert "more than 1,000 seeds" in found.reason


def test_chance_of_exclusion_is_that_of_the_level_at_the_bound_and_1_far_from_it() -> None:
    at = excluded(np.array([0.0, 5.0, 1e6]), np.array([4.0, 4.0, 4.0]), 0.05)
    assert at[0] == pytest.approx(0.025, abs=1e-6)  # on its side
    assert 0.9 < at[1] < 1
    assert at[2] == 1
