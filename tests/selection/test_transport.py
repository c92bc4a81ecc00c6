"""The solver against closed forms, its own optimality conditions, and fixtures of the method's settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whypretrain.selection import unbalanced_ot

COST = np.array([[0.1, 0.9], [0.4, 0.3], [0.8, 0.2]])
A, B = np.array([0.5, 0.3, 0.2]), np.array([0.6, 0.4])
WEIGHTS = [(0.1, 10.0), (10.0, 0.1), (1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (np.inf, 0.5), (0.5, np.inf), (0.0, 0.0)]


def random_cost(n: int, m: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, m))


def random_masses(n: int, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed + 1000)
    return draw.random(n) + 0.1, draw.random(m) + 0.1


def kl(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.sum(x * np.log(x / y) - x + y))


@pytest.mark.parametrize(
    ("masses", "reference", "rows", "mass", "primal"),
    [
        (None, "ones", (0.8995610292, 0.4383629202, 0.6431364183), 1.9810603677, 0.6931842495),
        ((A, B), "product", (0.5622768841, 0.2053493894, 0.2101197134), 0.9777459869, 0.2269909339),
        ((A, B), "ones", (0.5517785729, 0.2020959651, 0.2401067367), 0.9939812747, 0.5613909983),
    ],
)
def test_fixture(masses, reference, rows, mass, primal):
    found = unbalanced_ot(COST, *(masses or ()), epsilon=0.1, tau_source=0.1, tau_target=10, reference=reference)
    np.testing.assert_allclose(found.row_mass, rows, rtol=0, atol=6e-11)
    assert found.plan().sum() == pytest.approx(mass, abs=2e-10)
    assert found.primal == pytest.approx(primal, abs=6e-11)


def test_fixture_columns():
    found = unbalanced_ot(COST, epsilon=0.1, tau_source=0.1, tau_target=10)
    np.testing.assert_allclose(found.column_mass, (0.9921525745, 0.9889077932), rtol=0, atol=6e-11)


@pytest.mark.parametrize(("a", "b", "c"), [(1.0, 1.0, 0.3), (0.2, 5.0, 1.0), (3.0, 0.1, -2.0)])
def test_one_by_one(a, b, c):
    epsilon, s, t = 0.3, 0.7, 2.0
    found = unbalanced_ot(np.array([[c]]), [a], [b], epsilon=epsilon, tau_source=s, tau_target=t)
    expected = np.exp((s * np.log(a) + t * np.log(b) - c) / (epsilon + s + t))
    assert found.plan().item() == pytest.approx(expected, rel=1e-9)


def test_constant_cost():
    n, m, c, epsilon, s, t = 7, 4, 0.6, 0.2, 1.5, 3.0
    found = unbalanced_ot(np.full((n, m), c), epsilon=epsilon, tau_source=s, tau_target=t)
    expected = np.exp((-c - s * np.log(m) - t * np.log(n)) / (epsilon + s + t))
    np.testing.assert_allclose(found.plan(), expected, rtol=1e-9)


def test_free_source_and_exact_target_is_a_column_softmax():
    cost, epsilon = random_cost(9, 5), 0.1
    found = unbalanced_ot(cost, epsilon=epsilon, tau_source=0, tau_target=np.inf)
    kernel = np.exp(-cost / epsilon)
    np.testing.assert_allclose(found.plan(), kernel / kernel.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize(("tau_source", "tau_target"), WEIGHTS)
@pytest.mark.parametrize("reference", ["ones", "product"])
@pytest.mark.parametrize("shape", [(12, 7), (7, 12)])
def test_optimality_conditions(tau_source, tau_target, reference, shape):
    cost, (a, b), epsilon = random_cost(*shape), random_masses(*shape), 0.05
    found = unbalanced_ot(
        cost, a, b, epsilon=epsilon, tau_source=tau_source, tau_target=tau_target, reference=reference
    )
    plan = found.plan()
    rows, columns = plan.sum(axis=1), plan.sum(axis=0)
    np.testing.assert_allclose(found.row_mass, rows, rtol=1e-9)
    np.testing.assert_allclose(found.column_mass, columns, rtol=1e-9)
    for mass, tau, wanted, potential in (
        (rows, tau_source, a, found.source_potential),
        (columns, tau_target, b, found.target_potential),
    ):
        if np.isinf(tau):
            np.testing.assert_allclose(mass, wanted, rtol=1e-8)
        elif tau == 0:
            np.testing.assert_array_equal(potential, 0)
        else:
            np.testing.assert_allclose(mass, wanted * np.exp(-potential / tau), rtol=1e-8)
    factor = np.outer(a, b) if reference == "product" else 1.0
    gradient = cost + epsilon * np.log(plan / factor) - found.source_potential[:, None] - found.target_potential
    assert np.abs(gradient).max() < 1e-10


@pytest.mark.parametrize(("tau_source", "tau_target"), [(0.1, 10.0), (10.0, 0.1), (2.0, 2.0)])
@pytest.mark.parametrize("reference", ["ones", "product"])
def test_duality_gap_closes(tau_source, tau_target, reference):
    cost, (a, b), epsilon = random_cost(15, 8), random_masses(15, 8), 0.02
    found = unbalanced_ot(
        cost, a, b, epsilon=epsilon, tau_source=tau_source, tau_target=tau_target, reference=reference
    )
    plan, factor = found.plan(), np.outer(a, b) if reference == "product" else np.ones((15, 8))
    f, g = found.source_potential, found.target_potential
    primal = (cost * plan).sum() + epsilon * kl(plan, factor)
    primal += tau_source * kl(plan.sum(axis=1), a) + tau_target * kl(plan.sum(axis=0), b)
    dual = -tau_source * a @ np.expm1(-f / tau_source) - tau_target * b @ np.expm1(-g / tau_target)
    dual -= epsilon * (plan.sum() - factor.sum())
    assert found.primal == pytest.approx(primal, rel=1e-11)
    assert found.dual == pytest.approx(dual, rel=1e-11)
    assert 0 <= found.duality_gap <= 1e-9 * epsilon * plan.sum()


def test_gap_bounds_the_error_of_a_rough_solution():
    options = {"epsilon": 0.02, "tau_source": 0.5, "tau_target": 5.0}
    rough = unbalanced_ot(random_cost(30, 20), **options, tolerance=0.3)
    exact = unbalanced_ot(random_cost(30, 20), **options)
    assert rough.duality_gap > 1e3 * exact.duality_gap
    assert rough.dual <= exact.dual + 1e-12
    assert rough.primal - exact.primal <= rough.duality_gap + 1e-12


@pytest.mark.parametrize("uniform", [True, False])
def test_homogeneity(uniform):
    n, m, epsilon, s, t = 10, 6, 0.07, 0.3, 4.0
    a, b = (np.ones(n), np.ones(m)) if uniform else random_masses(n, m)
    found = unbalanced_ot(random_cost(n, m), a, b, epsilon=epsilon, tau_source=s, tau_target=t)
    mass = found.row_mass.sum()
    expected = -(epsilon + s + t) * mass + epsilon * n * m + s * a.sum() + t * b.sum()
    assert found.primal == pytest.approx(expected, rel=1e-10)


def test_large_tau_tends_to_the_geometric_mean_of_the_masses():
    found = unbalanced_ot(np.zeros((10, 2)), epsilon=1e-3, tau_source=1e4, tau_target=1e4)
    assert found.row_mass.sum() == pytest.approx(np.sqrt(20), rel=1e-3)


def test_constant_added_to_the_cost_rescales_the_plan():
    cost, options = random_cost(8, 5), {"epsilon": 0.1, "tau_source": 0.4, "tau_target": 2.0}
    plan, raised = (unbalanced_ot(c, **options).plan() for c in (cost, cost + 3))
    np.testing.assert_allclose(raised, plan * np.exp(-3 / 2.5), rtol=1e-8)


@pytest.mark.parametrize(("source", "target"), [(7.0, 1.0), (1.0, 7.0), (1e-3, 50.0)])
@pytest.mark.parametrize("taus", [(1.0, 100.0), (0.3, 0.3), (50.0, 0.2)])
def test_scaled_uniform_masses_leave_the_ranking(source, target, taus):
    cost, options = random_cost(30, 8), {"epsilon": 1.0, "tau_source": taus[0], "tau_target": taus[1]}
    plain = unbalanced_ot(cost, **options).row_mass
    scaled = unbalanced_ot(cost, np.full(30, source), np.full(8, target), **options).row_mass
    np.testing.assert_array_equal(np.argsort(-scaled), np.argsort(-plain))
    np.testing.assert_allclose(scaled / plain, scaled[0] / plain[0], rtol=1e-8)
    assert abs(scaled[0] / plain[0] - 1) > 1e-3


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 8),
    m=st.integers(1, 8),
    seed=st.integers(0, 10_000),
    log_epsilon=st.floats(-2.5, 1),
    log_ratio=st.tuples(st.floats(-2, 3), st.floats(-2, 3)),
)
def test_permutation_and_transposition(n, m, seed, log_epsilon, log_ratio):
    cost, (a, b) = random_cost(n, m, seed), random_masses(n, m, seed)
    epsilon = 10.0**log_epsilon
    source, target = (epsilon * 10.0**ratio for ratio in log_ratio)
    found = unbalanced_ot(cost, a, b, epsilon=epsilon, tau_source=source, tau_target=target)
    rows, columns = np.random.default_rng(seed).permutation(n), np.random.default_rng(seed).permutation(m)
    permuted = unbalanced_ot(
        cost[rows][:, columns], a[rows], b[columns], epsilon=epsilon, tau_source=source, tau_target=target
    )
    flipped = unbalanced_ot(cost.T, b, a, epsilon=epsilon, tau_source=target, tau_target=source)
    np.testing.assert_allclose(permuted.row_mass, found.row_mass[rows], rtol=1e-6)
    np.testing.assert_allclose(flipped.column_mass, found.row_mass, rtol=1e-6)


@pytest.mark.parametrize("epsilon", [1e-1, 1e-2, 1e-3, 1e-4])
@pytest.mark.parametrize("taus", [(1, 100), (100, 100), (1, np.inf)])
def test_small_epsilon_is_certified(epsilon, taus):
    cost = random_cost(60, 25)
    found = unbalanced_ot(cost, epsilon=epsilon, tau_source=taus[0], tau_target=taus[1])
    assert found.relative_gap <= 1e-9
    np.testing.assert_allclose(found.row_mass, np.exp(-found.source_potential / taus[0]), rtol=1e-7)
    np.testing.assert_allclose(found.plan().sum(axis=1), found.row_mass, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_of_cost_do_not_matter(scale):
    plan = unbalanced_ot(COST, epsilon=0.05, tau_source=0.1, tau_target=3).plan()
    scaled = unbalanced_ot(COST * scale, epsilon=0.05 * scale, tau_source=0.1 * scale, tau_target=3 * scale)
    np.testing.assert_allclose(scaled.plan(), plan, rtol=1e-9)


@pytest.mark.parametrize("reference", ["ones", "product"])
def test_entries_without_mass_carry_none(reference):
    masses = np.array([0.5, 0.0, 0.2]), np.array([0.6, 0.4])
    options = {"epsilon": 0.1, "tau_source": 0.1, "tau_target": 10.0, "reference": reference}
    found = unbalanced_ot(COST, *masses, **options)
    without = unbalanced_ot(COST[[0, 2]], masses[0][[0, 2]], masses[1], **options)
    assert found.row_mass[1] == 0
    assert found.source_potential[1] == -np.inf
    np.testing.assert_allclose(found.plan()[[0, 2]], without.plan(), rtol=1e-9)
    assert found.plan()[1].sum() == 0


def test_mass_matters_not_where_the_marginal_is_free():
    options = {"epsilon": 0.1, "tau_source": 0.0, "tau_target": 1.0}
    found = unbalanced_ot(COST, np.array([0.0, 2.0, 3.0]), **options)
    np.testing.assert_allclose(found.plan(), unbalanced_ot(COST, **options).plan(), rtol=1e-12)


def test_same_input_same_bits():
    one, other = (unbalanced_ot(random_cost(50, 30), epsilon=0.01, tau_source=1, tau_target=100) for _ in range(2))
    assert one.row_mass.tobytes() == other.row_mass.tobytes()
