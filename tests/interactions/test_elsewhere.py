"""The chance level of agreement, against all pairings one by one, and its interval against what is known."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from whypretrain.errors import InputError
from whypretrain.interactions.agreement import agreement
from whypretrain.interactions.coalitions import all_coalitions, random_coalitions
from whypretrain.interactions.elsewhere import agreement_elsewhere, agreement_elsewhere_sampled


def test_it_is_the_mean_over_all_ways_to_shift_the_samples() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 5, 16))
    shifted = [agreement(a, np.roll(b, shift, axis=0)) for shift in range(1, 5)]
    found = agreement_elsewhere(a, b)
    np.testing.assert_allclose(found.by_degree, np.mean([each.by_degree for each in shifted], axis=0), atol=1e-12)
    assert found.all == pytest.approx(np.mean([each.all for each in shifted]))


def test_samples_with_one_function_agree_as_with_themselves() -> None:
    a = np.tile(np.random.default_rng(0).normal(size=16), (4, 1))
    np.testing.assert_allclose(agreement_elsewhere(a, 2 * a + 1).by_degree, 1)


def test_models_are_batched() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 3, 6, 8))
    together = agreement_elsewhere(a, b)
    alone = agreement_elsewhere(a[1], b[1])
    for name in ("by_degree", "low", "high", "all"):
        np.testing.assert_allclose(getattr(together, name)[1], getattr(alone, name))


def test_unrelated_samples_are_covered() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 1000, 16, 16))
    found = agreement_elsewhere(a, b)
    covered = ((found.low <= 0) & (found.high >= 0)).mean(axis=0)
    assert (covered >= 0.93).all()


def test_what_samples_share_is_covered() -> None:
    """Half of the variance at every coefficient is common to all samples and both models: an agreement of 1/2."""
    random = np.random.default_rng(0)
    common = random.choice([-1.0, 1.0], size=(1000, 1, 16))
    a, b = (np.sqrt(0.5) * (common + random.normal(size=(1000, 24, 16))) @ hadamard(16) for _ in range(2))
    found = agreement_elsewhere(a, b)
    assert found.by_degree.mean(axis=0) == pytest.approx(0.5, abs=0.03)
    covered = ((found.low <= 0.5) & (found.high >= 0.5)).mean(axis=0)
    assert (covered >= 0.92).all()


def test_two_samples_have_no_interval_and_one_has_no_other() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 2, 8))
    found = agreement_elsewhere(a, b)
    assert np.isfinite(found.by_degree).all()
    assert np.isnan(found.low).all()
    with pytest.raises(InputError, match="at least two samples"):
        agreement_elsewhere(a[:1], b[:1])


def shared(samples: int, seed: int, n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Scores of two models whose coefficients of degree 1 are half common to all samples."""
    random = np.random.default_rng([seed, samples])
    lead = random.normal(size=(1, 1 << n))
    first = np.bitwise_count(np.arange(1 << n)) == 1
    return tuple(
        (np.where(first, 2, 0.5) * (lead * first + random.normal(size=(samples, 1 << n)))) @ hadamard(1 << n)
        for _ in range(2)
    )


def test_the_sampled_estimate_is_near_the_exact_one_and_its_bounds_hold_it() -> None:
    near, held = [], []
    masks = all_coalitions(6)
    for seed in range(60):
        a, b = shared(12, seed)
        exact = agreement_elsewhere(a, b).by_degree[:2]
        drawn = random_coalitions(6, 300, seed=seed)
        where = [int(np.flatnonzero((masks == one).all(axis=1))[0]) for one in drawn]
        found = agreement_elsewhere_sampled(a[:, where], b[:, where], drawn, max_degree=2)
        near.append(found.by_degree - exact)
        held.append((found.low <= exact) & (exact <= found.high))
    assert np.abs(np.mean(near, axis=0)).max() < 0.03
    assert (np.mean(held, axis=0) > 0.9).all()
    with pytest.raises(InputError, match="at least two samples"):
        agreement_elsewhere_sampled(a[:1, where], b[:1, where], drawn)
