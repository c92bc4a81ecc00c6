import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import (
    area_under_curve,
    detour,
    interaction_similarity,
    order_groups,
    step_to_reach,
    strength_curve,
)

A = np.random.default_rng(0).normal(size=(5, 64))
B = np.random.default_rng(1).normal(size=(5, 64))


def by_definition(a: np.ndarray, b: np.ndarray) -> float:
    parts = [np.concatenate([np.maximum(x[1:], 0), -np.minimum(x[1:], 0)]) for x in (a, b)]
    return np.minimum(*parts).sum() / np.maximum(*parts).sum()


def test_it_is_the_weighted_jaccard_index_of_the_signed_parts() -> None:
    np.testing.assert_allclose(interaction_similarity(A, B), [by_definition(a, b) for a, b in zip(A, B, strict=True)])


def test_the_similarity_by_hand() -> None:
    pretrained, finetuned = np.array([0, 2, -1, 0.5]), np.array([0, 1.5, 0.8, 0.7])
    assert interaction_similarity(pretrained, finetuned) == pytest.approx(4 / 9)


def test_identical_opposite_scaled() -> None:
    np.testing.assert_array_equal(interaction_similarity(A, A), 1)
    np.testing.assert_array_equal(interaction_similarity(A, -A), 0)
    np.testing.assert_allclose(interaction_similarity(A, 2 * A), 0.5)
    np.testing.assert_allclose(interaction_similarity(A, B), interaction_similarity(B, A))


def test_the_empty_set_is_left_out() -> None:
    other = A.copy()
    other[:, 0] += 100
    np.testing.assert_array_equal(interaction_similarity(A, other), 1)


def test_groups_of_orders_are_compared_alone() -> None:
    groups = order_groups(6)
    changed = np.where(groups["high"], -A, A)
    np.testing.assert_array_equal(interaction_similarity(A, changed, among=groups["low"]), 1)
    np.testing.assert_array_equal(interaction_similarity(A, changed, among=groups["high"]), 0)


@pytest.mark.parametrize("n", [3, 8, 10])
def test_groups_partition_the_orders(n: int) -> None:
    groups = order_groups(n)
    sizes = {name: sorted(set(np.bitwise_count(np.flatnonzero(group)).tolist())) for name, group in groups.items()}
    assert sizes["low"] + sizes["mid"] + sizes["high"] == sizes["all"] == list(range(1, n + 1))
    assert max(sizes["low"]) <= n / 3 < min(sizes["mid"])
    assert max(sizes["mid"]) <= 2 * n / 3 < min(sizes["high"])


def test_nothing_against_nothing_is_undefined() -> None:
    assert np.isnan(interaction_similarity(np.zeros(8), np.zeros(8)))


def test_other_players_are_refused() -> None:
    with pytest.raises(InputError, match="same players"):
        interaction_similarity(np.zeros(8), np.zeros(16))


def test_detour_counts_only_falls() -> None:
    assert detour(np.array([0.1, 0.5, 0.4, 0.9, 0.7, 1.0])) == pytest.approx(0.3)
    assert detour(np.array([0.0, 0.5, 1.0])) == 0


def test_area_is_a_mean_over_steps() -> None:
    assert area_under_curve(np.array([0.0, 1.0, 1.0]), np.array([0, 10, 40])) == pytest.approx(35 / 40)
    assert area_under_curve(np.array([0.4, 0.4]), np.array([3, 5])) == pytest.approx(0.4)


@pytest.mark.parametrize("steps", [[1], [1, 1], [2, 1]])
def test_an_area_over_no_steps_is_refused(steps: list) -> None:
    with pytest.raises(InputError, match="increasing steps"):
        area_under_curve(np.ones(len(steps)), np.array(steps))


def test_step_to_reach() -> None:
    curves = np.array([[0.1, 0.92, 0.8, 1.0], [0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_array_equal(step_to_reach(curves, np.array([0, 5, 10, 20])), [5, np.nan])


def test_strength_curve() -> None:
    effects = np.array([[9.0, -4, 1, 0], [9.0, 2, -3, 0]])
    np.testing.assert_allclose(strength_curve(effects, 6), [1, 0.75, 0.5, 0.25, 0, 0])
