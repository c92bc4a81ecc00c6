"""Rules, their ties, diagnostics and errors."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.selection import RULES, cosine_cost, rank_classes, unbalanced_ot


def means(n: int = 30, m: int = 8, d: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, d)) + 0.5, draw.normal(size=(m, d)) + 0.5


def brute_round_robin(cost: np.ndarray) -> list[int]:
    """The loop that the rule's name describes."""
    chosen: list[int] = []
    preferences = [np.argsort(column, kind="stable").tolist() for column in cost.T]
    for turn in range(len(cost)):
        for preference in preferences:
            if preference[turn] not in chosen:
                chosen.append(preference[turn])
    return chosen


def test_uot_scores_are_row_masses():
    source, target = means()
    found = rank_classes(source, target, k=10)
    plan = unbalanced_ot(cosine_cost(source, target) / 0.1, epsilon=1, tau_source=1, tau_target=100).plan()
    np.testing.assert_allclose(found.score, plan.sum(axis=1), rtol=1e-8)
    np.testing.assert_array_equal(found.order, np.argsort(-plan.sum(axis=1)))
    assert found.certificate is not None
    assert found.certificate.gap < 1e-9


def test_vote_is_the_limit_of_uot():
    source, target = means()
    limit = rank_classes(source, target, tau_source=1e-9, tau_target=1e9)
    np.testing.assert_allclose(rank_classes(source, target, rule="vote").score, limit.score, rtol=1e-6)


def test_simple_rules_against_their_definitions():
    source, target = means()
    cost = cosine_cost(source, target)
    nearest = rank_classes(source, target, rule="nearest")
    np.testing.assert_array_equal(nearest.order, np.argsort(cost.min(axis=1)))
    mean = rank_classes(source, target, rule="mean")
    np.testing.assert_array_equal(mean.order, np.argsort(cost.mean(axis=1)))
    assert rank_classes(source, target, rule="round_robin").order.tolist() == brute_round_robin(cost)


def test_partial_transport_takes_exactly_k_classes():
    source, target = means()
    found = rank_classes(source, target, rule="partial_ot", k=6)
    np.testing.assert_allclose(found.score[found.selected], 1 / 30, rtol=1e-9)
    np.testing.assert_allclose(np.delete(found.score, found.selected), 0, atol=1e-12)


def test_balanced_transport_ranks_by_mean_cost():
    source = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [1.0, 1.0]])
    found = rank_classes(source, source[[0, 2]], rule="balanced_ot", k=2)
    # one half of the mass must reach each target: rows 0 and 1 the first, rows 2 and 3 the second
    expected = -cosine_cost(source, source[[0, 2]])[[0, 1, 2, 3], [0, 0, 1, 1]]
    np.testing.assert_allclose(found.score, expected, atol=1e-12)


def test_random_is_a_seeded_permutation():
    source, target = means()
    orders = [rank_classes(source, target, rule="random", seed=seed).order for seed in (0, 0, 1)]
    assert sorted(orders[0]) == list(range(30))
    assert orders[0].tolist() == orders[1].tolist() != orders[2].tolist()


def test_all_chooses_all():
    assert rank_classes(*means(), rule="all", k=3).selected.tolist() == list(range(30))


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"random", "balanced_ot", "partial_ot"}))
def test_ties_go_to_the_smaller_index(rule):
    source, target = means(6)
    doubled = rank_classes(np.repeat(source, 2, axis=0), target, rule=rule)
    first = doubled.order[doubled.order % 2 == 0]
    position = np.argsort(doubled.order)
    assert (position[first] < position[first + 1]).all()


@pytest.mark.parametrize("rule", ["uot", "vote", "nearest", "mean"])
def test_ties_survive_rounding(rule):
    """Sums of equal rows can differ in the last bit by where the rows lie in memory."""
    source, target = means(1, 31, 37)
    assert rank_classes(np.repeat(source, 203, axis=0), target, rule=rule).order.tolist() == list(range(203))


@pytest.mark.parametrize("rule", sorted(set(RULES) - {"random"}))
def test_every_rule_ignores_the_norm_of_the_means(rule):
    source, target = means()
    lengths = np.random.default_rng(1).random((30, 1)) + 0.5
    one, other = (rank_classes(x, target, rule=rule, k=7) for x in (source, source * lengths))
    np.testing.assert_allclose(one.score, other.score, rtol=1e-7, atol=1e-9)


def test_diagnostics():
    source, target = means()
    found = rank_classes(source, target, k=5)
    mass = found.score
    assert found.effective_classes == pytest.approx(mass.sum() ** 2 / (mass**2).sum())
    assert found.mass_top_k == pytest.approx(np.sort(mass)[-5:].sum() / mass.sum())
    ordered = np.sort(mass)[::-1]
    assert found.gap_at_k == pytest.approx((ordered[4] - ordered[5]) / ordered[4])
    assert rank_classes(source, target, k=30).gap_at_k is None
    assert rank_classes(source, target, rule="nearest").effective_classes is None


@pytest.mark.parametrize("rule", ["uot", "vote"])
@pytest.mark.parametrize("k", [10, 20])
def test_automatic_temperature_reaches_twice_k(rule, k):
    source, target = means(100, 10, 20)
    found = rank_classes(source, target, rule=rule, temperature="auto", k=k)
    assert found.effective_classes == pytest.approx(2 * k, rel=0.03)


def test_automatic_temperature_out_of_reach_is_the_nearer_end():
    source, target = means(30, 30)
    assert rank_classes(source, target, temperature="auto", k=1).temperature == pytest.approx(1e-3, rel=1e-3)


def broken(source=None, target=None, **options):
    return {"source": source, "target": target, **options}


NAMES = [f"class {i}" for i in range(30)]


def with_row(row: int, value: float) -> np.ndarray:
    source = means()[0]
    source[row] = value
    return source


@pytest.mark.parametrize(
    ("case", "message"),
    [
        (broken(with_row(3, np.nan)), "source class row 3 has NaN features"),
        (broken(with_row(3, np.inf)), "source class row 3 has infinite features"),
        (broken(with_row(4, 0.0), source_names=NAMES), r"source class row 4 \(class 4\) has norm zero"),
        (broken(target=np.zeros((2, 10)), target_names=["cat", "dog"]), r"target class row 0 \(cat\) has norm zero"),
        (broken(target=np.ones((2, 9))), "source features have 10 dimensions, target features 9"),
        (broken(np.ones(10)), r"source class features have shape \(10,\)"),
        (broken(source_names=["a"]), "1 names for 30 source class rows"),
        (broken(k=31), "k is 31 but there are 30 source classes"),
        (broken(k=0), "k is 0 but"),
        (broken(rule="best"), "rule is 'best': choose one of uot"),
        (broken(temperature=0.0), "temperature is 0.0"),
        (broken(tau_source=-1.0), "tau_source is -1"),
        (broken(rule="nearest", temperature="auto"), "rule nearest has no temperature"),
    ],
)
def test_broken_input_is_named(case, message):
    source, target = means()
    given = case.pop("source"), case.pop("target")
    with pytest.raises(InputError, match=message):
        rank_classes(*(x if y is None else y for x, y in zip((source, target), given, strict=True)), **case)


def test_centred_costs_are_those_of_means_without_the_source_mean():
    """A component that all classes share decides nothing once it is subtracted; by default nothing is."""
    source, target = means()
    origin = source.mean(axis=0)
    expected = rank_classes(source - origin, target - origin)
    for shared in (0.0, 30.0):
        found = rank_classes(source + shared, target + shared, centre=True)
        np.testing.assert_allclose(found.score, expected.score, rtol=1e-9)
        np.testing.assert_array_equal(found.order, expected.order)
    assert (rank_classes(source, target).score != expected.score).all()


def test_a_class_at_the_mean_of_all_has_no_direction_once_centred():
    source = np.array([[1.0, 0.0], [3.0, 2.0], [2.0, 1.0]])
    with pytest.raises(InputError, match=r"centred source class row 2 \(bird\) has norm zero"):
        rank_classes(source, source[:1] + 1, centre=True, source_names=["cat", "dog", "bird"])
