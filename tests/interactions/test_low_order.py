"""Effects of few players: exact ones against the transform of the whole game, estimates against exact coefficients."""

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import (
    all_coalitions,
    moebius,
    moebius_low_order,
    random_coalitions,
    small_coalitions,
    walsh,
    walsh_low_degree,
)


def index(masks: np.ndarray) -> np.ndarray:
    """The places of coalitions among all."""
    return masks @ (1 << np.arange(masks.shape[1]))


@pytest.mark.parametrize(("n", "order"), [(1, 1), (5, 2), (10, 3), (7, 7), (6, 0)])
def test_low_order_effects_are_those_of_the_whole_game(n: int, order: int) -> None:
    v = np.random.default_rng(n).normal(size=(2, 3, 1 << n))
    chosen = index(small_coalitions(n, order))
    assert len(set(chosen)) == (np.bitwise_count(np.arange(1 << n)) <= order).sum()
    found = moebius_low_order(v[..., chosen], n, order=order)
    np.testing.assert_allclose(found, moebius(v)[..., chosen], atol=1e-10)


def test_an_and_of_three_of_twenty_four_players_is_found() -> None:
    masks = small_coalitions(24, 3)
    v = 2.0 * masks[:, [3, 11, 23]].all(axis=1) - masks[:, 7]
    found = moebius_low_order(v, 24)
    expected = np.zeros(len(masks))
    expected[(masks == np.isin(np.arange(24), [3, 11, 23])).all(axis=1)] = 2.0
    expected[(masks == np.isin(np.arange(24), [7])).all(axis=1)] = -1.0
    np.testing.assert_array_equal(found, expected)


def dense(n: int) -> np.ndarray:
    """A game with variance at all degrees."""
    return np.random.default_rng(n).normal(size=1 << n) + 3 * all_coalitions(n)[:, :3].sum(axis=1)


@pytest.mark.parametrize(("number", "fitted"), [(60, 11), (400, 56)])
def test_estimates_are_unbiased_and_their_intervals_cover(number: int, fitted: int) -> None:
    """60 coalitions are enough to fit degree 1 alone, 400 to fit degree 2."""
    v = dense(10)
    masks = [random_coalitions(10, number, seed=seed) for seed in range(200)]
    found = [walsh_low_degree(v[index(each)], each) for each in masks]
    exact = walsh(v)[index(found[0].coalitions)]
    assert found[0].freedom == number - fitted
    values = np.array([each.values for each in found])
    spread = values.std(axis=0)
    assert np.abs((values.mean(axis=0) - exact) / spread).max() < 4.5 / np.sqrt(len(values))
    np.testing.assert_allclose(np.sqrt(np.mean([each.error**2 for each in found], axis=0)), spread, rtol=0.25)
    low, high = np.array([each.bounds() for each in found]).swapaxes(0, 1)
    covered = ((low <= exact) & (exact <= high)).mean()
    assert 0.93 <= covered <= 0.97


def test_a_game_of_low_degree_is_known_exactly_and_each_game_by_itself() -> None:
    masks = random_coalitions(40, 4000, seed=0)
    games = np.stack([masks[:, 0] * 1.0, 1.0 * masks[:, [1, 2]].all(axis=1) - masks[:, 39]])
    found = walsh_low_degree(games, masks)
    assert found.error.max() < 1e-12
    of_pair = (found.coalitions == np.isin(np.arange(40), [1, 2])).all(axis=1)
    assert found.values[0, of_pair] == pytest.approx(0.0, abs=1e-12)
    assert found.values[1, of_pair] == pytest.approx(0.25)
    np.testing.assert_allclose(found.values[1], walsh_low_degree(games[1], masks).values, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small_coalitions(3, 4), "up to 4 of 3 players"),
        (lambda: moebius_low_order(np.zeros(7), 3), r"shape \(7,\): give \(..., 8\)"),
        (lambda: moebius_low_order(np.zeros(64), 63, order=1), "63 players are too many"),
        (lambda: walsh_low_degree(np.zeros(9), np.zeros((8, 3), bool)), r"scores have shape \(9,\)"),
        (lambda: walsh_low_degree(np.zeros(8), np.zeros((8, 3))), "masks are float64"),
        (lambda: walsh_low_degree(np.zeros(7), np.zeros((7, 3), bool)), "at least 8 coalitions"),
        (lambda: walsh_low_degree(np.full(8, np.nan), np.zeros((8, 3), bool)), "not finite"),
        (lambda: walsh_low_degree(np.zeros(8), np.zeros((8, 3), bool)).bounds(1.0), "confidence 1.0"),
    ],
)
def test_bad_input_is_refused(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
