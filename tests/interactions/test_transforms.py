import itertools

import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.interactions import moebius, or_interactions, or_reconstruct, orders, zeta
from whypretrain.interactions.transforms import by_order


def game(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, n]).normal(size=(*shape, 1 << n))


def by_definition(v: np.ndarray) -> np.ndarray:
    """The 3^n sums of the definition, one subset of a subset at a time."""
    effects = np.zeros_like(v)
    for whole, part in itertools.product(range(v.size), repeat=2):
        if part & whole == part:
            effects[whole] += (-1) ** (whole ^ part).bit_count() * v[part]
    return effects


@pytest.mark.parametrize("n", range(13))
def test_zeta_inverts_moebius(n: int) -> None:
    v = game(n, 2, 3)
    np.testing.assert_allclose(zeta(moebius(v)), v, atol=1e-12)


@pytest.mark.parametrize("n", range(7))
def test_moebius_is_the_sum_of_its_definition(n: int) -> None:
    v = game(n)
    np.testing.assert_allclose(moebius(v), by_definition(v), atol=1e-12)


def test_effects_add_up_to_the_whole_change() -> None:
    v = game(8, 5)
    np.testing.assert_allclose(moebius(v)[:, 1:].sum(axis=1), v[:, -1] - v[:, 0], atol=1e-11)


def test_moebius_is_linear() -> None:
    a, b = game(6, seed=1), game(6, seed=2)
    np.testing.assert_allclose(moebius(2 * a - 3 * b), 2 * moebius(a) - 3 * moebius(b), atol=1e-11)


def test_a_dummy_player_has_no_effects() -> None:
    without = game(5)
    v = np.concatenate([without, without])  # player 5 changes nothing
    np.testing.assert_allclose(moebius(v)[32:], 0, atol=1e-13)


def test_relabelled_players_have_relabelled_effects() -> None:
    v, order = game(4), [2, 0, 3, 1]
    masks = np.arange(16)
    renamed = sum(((masks >> old) & 1) << new for old, new in enumerate(order))
    np.testing.assert_allclose(moebius(v[renamed]), moebius(v)[renamed], atol=1e-13)


def test_known_coefficients_come_back_exactly() -> None:
    known = np.random.default_rng(0).integers(-9, 9, size=64).astype(float)
    v = np.array([sum(known[s] for s in range(64) if s & t == s) for t in range(64)])
    np.testing.assert_array_equal(moebius(v), known)


def test_an_or_of_three_players() -> None:
    masks = np.arange(32)
    v = ((masks & 0b111) > 0).astype(float)
    expected = np.where((masks > 0) & (masks < 8), -((-1.0) ** orders(5)), 0)
    np.testing.assert_array_equal(moebius(v), expected)
    np.testing.assert_array_equal(or_interactions(v), np.eye(32)[0b111])


def test_an_and_of_three_players_mirrors_the_or() -> None:
    masks = np.arange(32)
    v = ((masks & 0b111) == 0b111).astype(float)
    expected = np.where((masks > 0) & (masks < 8), -((-1.0) ** orders(5)), 0)
    np.testing.assert_array_equal(moebius(v), np.eye(32)[0b111])
    np.testing.assert_array_equal(or_interactions(v), expected)


@pytest.mark.parametrize("n", [1, 3, 6, 10])
def test_or_effects_rebuild_every_score(n: int) -> None:
    v = game(n, 3)
    effects = or_interactions(v)
    np.testing.assert_array_equal(effects[:, 0], v[:, 0])
    np.testing.assert_allclose(or_reconstruct(effects), v, atol=1e-12)


def test_or_reconstruction_is_the_sum_of_its_definition() -> None:
    effects = game(4)
    v = [effects[0] + sum(effects[s] for s in range(1, 16) if s & t) for t in range(16)]
    np.testing.assert_allclose(or_reconstruct(effects), v, atol=1e-13)


@pytest.mark.parametrize("transform", [moebius, zeta, or_interactions, or_reconstruct])
def test_torch_gives_what_numpy_gives(transform) -> None:
    v = game(6, 2, 3).astype(np.float32)
    found = transform(torch.from_numpy(v))
    assert found.dtype == torch.float64
    np.testing.assert_array_equal(found.numpy(), transform(v))


@pytest.mark.parametrize("transform", [moebius, zeta, or_interactions, or_reconstruct])
def test_the_input_is_left_alone(transform) -> None:
    v = game(4, 2)
    before, view = v.copy(), np.asfortranarray(v)
    np.testing.assert_array_equal(transform(view), transform(v))
    np.testing.assert_array_equal(v, before)


def test_sums_by_order() -> None:
    np.testing.assert_array_equal(by_order(np.arange(8.0)), [1 + 2 + 4, 3 + 5 + 6, 7])


@pytest.mark.parametrize("length", [0, 3, 1000])
def test_a_length_that_is_no_power_of_two_is_refused(length: int) -> None:
    with pytest.raises(InputError, match=f"{length} entries"):
        moebius(np.zeros(length))
