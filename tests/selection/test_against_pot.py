"""The solver against POT: agreement with its correct methods, and a proof that its other two would not do."""

from __future__ import annotations

import warnings

import numpy as np
import ot
import pytest

from whypretrain.selection import cosine_cost, unbalanced_ot


def random_cost(n: int, m: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, m))


def pot(cost: np.ndarray, epsilon: float, taus: tuple[float, float], method: str = "sinkhorn") -> np.ndarray:
    masses, limits = map(np.ones, cost.shape), {"numItermax": 100_000, "stopThr": 1e-14}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solve = ot.unbalanced.sinkhorn_unbalanced
        return solve(*masses, cost, epsilon, taus, method=method, reg_type="entropy", **limits)


@pytest.mark.parametrize("epsilon", [1.0, 0.1, 0.03])
@pytest.mark.parametrize("taus", [(0.1, 10.0), (1.0, 1.0), (1.0, 100.0), (5.0, 0.2)])
def test_plain_scaling_agrees(epsilon, taus):
    cost = random_cost(40, 15)
    found = unbalanced_ot(cost, epsilon=epsilon, tau_source=taus[0], tau_target=taus[1])
    np.testing.assert_allclose(found.plan(), pot(cost, epsilon, taus), rtol=1e-9, atol=1e-13)


def test_plain_scaling_agrees_for_the_product_reference():
    cost, draw = random_cost(20, 10), np.random.default_rng(1)
    a, b = draw.random(20) + 0.1, draw.random(10) + 0.1
    found = unbalanced_ot(cost, a, b, epsilon=0.1, tau_source=0.5, tau_target=5, reference="product")
    expected = ot.unbalanced.sinkhorn_unbalanced(
        a, b, cost, 0.1, (0.5, 5), reg_type="kl", numItermax=100_000, stopThr=1e-14
    )
    np.testing.assert_allclose(found.plan(), expected, rtol=1e-9, atol=1e-14)


def test_majorisation_minimisation_agrees():
    cost = random_cost(12, 8)
    found = unbalanced_ot(cost, epsilon=0.5, tau_source=0.5, tau_target=5.0)
    expected = ot.unbalanced.mm_unbalanced(
        np.ones(12), np.ones(8), cost, (0.5, 5.0), c=np.ones((12, 8)), reg=0.5, numItermax=200_000, stopThr=1e-15
    )
    np.testing.assert_allclose(found.plan(), expected, rtol=1e-9, atol=1e-12)


def test_exact_marginals_agree_with_balanced_scaling():
    cost = random_cost(50, 20)
    a, b = np.full(50, 1 / 50), np.full(20, 1 / 20)
    found = unbalanced_ot(cost, a, b, epsilon=0.05, tau_source=np.inf, tau_target=np.inf)
    expected = ot.sinkhorn(a, b, cost, 0.05, numItermax=100_000, stopThr=1e-15)
    np.testing.assert_allclose(found.plan(), expected, rtol=1e-8, atol=1e-13)


def test_error_of_large_tau_falls_as_its_inverse():
    cost = random_cost(50, 20)
    a, b = np.full(50, 1 / 50), np.full(20, 1 / 20)
    expected = ot.sinkhorn(a, b, cost, 0.05, numItermax=100_000, stopThr=1e-15)
    errors = [
        np.abs(unbalanced_ot(cost, a, b, epsilon=0.05, tau_source=tau, tau_target=tau).plan() - expected).max()
        for tau in (1, 10, 100, 1000)
    ]
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.1)
    assert errors[2] / errors[3] == pytest.approx(10, rel=0.1)
    measured = [3.3e-3, 3.7e-4, 3.8e-5, 3.8e-6]  # for other random costs of the same shape
    np.testing.assert_array_less(np.abs(np.log2(np.divide(errors, measured))), 1)


def row_error(plan: np.ndarray, row_mass: np.ndarray) -> float:
    """Largest relative error of a row mass; infinite where the plan is not a number."""
    error = np.abs(plan.sum(axis=1) / row_mass - 1).max()
    return float(error) if np.isfinite(error) else np.inf


def test_absorption_in_pot_is_flagged_as_different():
    """After absorption its stabilised solver optimises something else, and says nothing (POT 711)."""
    draw = np.random.default_rng(0)
    cost = cosine_cost(draw.normal(size=(60, 16)), draw.normal(size=(30, 16))) / 0.005
    found = unbalanced_ot(cost, epsilon=1.0, tau_source=1.0, tau_target=100.0)
    assert row_error(pot(cost, 1.0, (1.0, 100.0)), found.row_mass) < 1e-9
    assert row_error(pot(cost, 1.0, (1.0, 100.0), "sinkhorn_stabilized"), found.row_mass) > 0.1


def test_translation_invariance_in_pot_is_flagged_as_different():
    """Its translation-invariant solver is right for one tau on both sides, and wrong for two."""
    cost = random_cost(30, 12)
    equal = unbalanced_ot(cost, epsilon=0.1, tau_source=1.0, tau_target=1.0)
    assert row_error(pot(cost, 0.1, (1.0, 1.0), "sinkhorn_translation_invariant"), equal.row_mass) < 1e-8
    unequal = unbalanced_ot(cost, epsilon=0.1, tau_source=1.0, tau_target=100.0)
    assert row_error(pot(cost, 0.1, (1.0, 100.0), "sinkhorn_translation_invariant"), unequal.row_mass) > 1e-3
