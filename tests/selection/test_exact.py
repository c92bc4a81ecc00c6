"""Exact transport against POT's network simplex."""

from __future__ import annotations

import numpy as np
import ot
import pytest

from whypretrain.errors import InputError
from whypretrain.selection.exact import exact_transport


def problem(n: int, m: int, uniform: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(n * m)
    cost, a, b = draw.random((n, m)), draw.random(n) + 0.01, draw.random(m) + 0.01
    return (cost, (np.full(n, 1 / n) if uniform else a / a.sum()), (np.full(m, 1 / m) if uniform else b / b.sum()))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 3), (3, 7), (40, 15), (60, 60)])
@pytest.mark.parametrize("uniform", [True, False])
def test_balanced_cost_is_the_simplex_cost(shape, uniform):
    cost, a, b = problem(*shape, uniform)
    found = exact_transport(cost, a, b)
    assert found.cost == pytest.approx(ot.emd2(a, b, cost), rel=1e-8)
    np.testing.assert_allclose(found.plan.sum(axis=1), a, atol=1e-9)
    np.testing.assert_allclose(found.plan.sum(axis=0), b, atol=1e-9)


@pytest.mark.parametrize("fraction", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("uniform", [True, False])
def test_partial_cost_is_the_simplex_cost(fraction, uniform):
    cost, a, b = problem(30, 12, uniform)
    found = exact_transport(cost, a, b, mass=fraction)
    expected = ot.partial.partial_wasserstein2(a, b, cost, m=fraction) if fraction < 1 else ot.emd2(a, b, cost)
    assert found.cost == pytest.approx(expected, rel=1e-8)
    assert found.plan.sum() == pytest.approx(fraction, rel=1e-9)
    assert (found.plan.sum(axis=1) <= a + 1e-9).all()
    assert (found.plan.sum(axis=0) <= b + 1e-9).all()


def test_costs_of_any_scale_and_sign():
    cost, a, b = problem(20, 9, uniform=False)
    expected = exact_transport(cost, a, b).cost
    assert exact_transport(1e6 * (cost - 2), 50 * a, 50 * b).cost == pytest.approx(50e6 * (expected - 2), rel=1e-8)
    assert exact_transport(np.zeros((4, 3)), np.ones(4), np.full(3, 4 / 3)).cost == 0


def test_tied_costs_end():
    cost = np.random.default_rng(0).integers(0, 3, (40, 25)).astype(float)
    a, b = np.full(40, 1 / 40), np.full(25, 1 / 25)
    assert exact_transport(cost, a, b).cost == pytest.approx(ot.emd2(a, b, cost), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("mass", "message"), [(None, "masses 2 and 3"), (2.5, "between 0 and 2"), (0, "mass 0")])
def test_impossible_masses_are_named(mass, message):
    with pytest.raises(InputError, match=message):
        exact_transport(np.ones((2, 3)), np.ones(2), np.ones(3), mass=mass)
