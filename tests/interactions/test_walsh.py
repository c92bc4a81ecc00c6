import doctest
import importlib
import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from planted import characters, from_coefficients

from whypretrain.errors import InputError
from whypretrain.interactions import banzhaf, fourier_weight, moebius, orders, walsh


def game(n: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, n]).normal(size=(*shape, 1 << n))


@pytest.mark.parametrize("n", range(10))
def test_walsh_is_the_sum_of_its_definition(n: int) -> None:
    v = game(n, 3)
    np.testing.assert_allclose(walsh(v), v @ characters(n) / 2**n, atol=1e-14)


@pytest.mark.parametrize("n", [1, 4, 5, 9])
def test_coefficients_rebuild_every_score(n: int) -> None:
    v = game(n, 2)
    np.testing.assert_allclose(from_coefficients(walsh(v)), v, atol=1e-12)


@pytest.mark.parametrize("n", [1, 4, 7])
def test_banzhaf_is_shapiqs_banzhaf_interaction_index(n: int) -> None:
    shapiq = pytest.importorskip("shapiq")
    v = game(n)

    def worth(shown: np.ndarray) -> np.ndarray:
        return v[(shown * (1 << np.arange(n))).sum(axis=1).astype(int)]

    theirs = shapiq.ExactComputer(worth, n_players=n)("BII", order=n)
    ours, compared = banzhaf(v), 0
    for members, value in theirs.dict_values.items():
        if members:
            compared += 1
            assert ours[sum(1 << player for player in members)] == pytest.approx(value, abs=1e-10)
    assert compared == 2**n - 1


def test_the_banzhaf_index_is_the_mean_joint_contribution() -> None:
    v, masks, pair = game(4), np.arange(16), 0b1001
    others = masks[masks & pair == 0]
    contribution = v[others | pair] - v[others | 0b0001] - v[others | 0b1000] + v[others]
    assert banzhaf(v)[pair] == pytest.approx(contribution.mean())
    assert banzhaf(v)[0] == pytest.approx(v.mean())


@pytest.mark.parametrize("n", [1, 6, 11])
def test_fourier_weights_add_up_to_the_variance(n: int) -> None:
    v = game(n, 2, 3)
    assert fourier_weight(v).shape == (2, 3, n)
    np.testing.assert_allclose(fourier_weight(v).sum(axis=-1), v.var(axis=-1), rtol=1e-12)
    np.testing.assert_allclose(walsh(v)[..., 0], v.mean(axis=-1), atol=1e-14)


@pytest.mark.parametrize("n", [1, 5, 8])
def test_coefficients_follow_from_harsanyi_dividends(n: int) -> None:
    v, masks = game(n), np.arange(1 << n)
    contains = masks & masks[:, None] == masks[:, None]  # row S, column L: L contains S
    np.testing.assert_allclose(walsh(v), contains @ (moebius(v) * 0.5 ** orders(n)), atol=1e-12)


def test_complemented_coalitions_change_signs_by_degree() -> None:
    v = game(6)
    np.testing.assert_allclose(walsh(v[::-1]), walsh(v) * (-1.0) ** orders(6), atol=1e-14)


def test_relabelled_players_have_relabelled_coefficients() -> None:
    v, order, masks = game(4), [2, 0, 3, 1], np.arange(16)
    renamed = sum(((masks >> old) & 1) << new for old, new in enumerate(order))
    np.testing.assert_allclose(walsh(v[renamed]), walsh(v)[renamed], atol=1e-14)


@pytest.mark.parametrize("function", [walsh, banzhaf, fourier_weight])
def test_torch_gives_what_numpy_gives(function) -> None:
    v = game(9, 2, 3).astype(np.float32)
    found = function(torch.from_numpy(v))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), function(v), atol=1e-14)
    assert function(v).dtype == np.float64


@pytest.mark.parametrize("function", [walsh, banzhaf, fourier_weight])
def test_the_input_is_left_alone(function) -> None:
    v = game(5, 2)
    before = v.copy()
    np.testing.assert_array_equal(function(np.asfortranarray(v)), function(v))
    np.testing.assert_array_equal(v, before)


@pytest.mark.parametrize("length", [0, 3, 1000])
def test_a_length_that_is_no_power_of_two_is_refused(length: int) -> None:
    with pytest.raises(InputError, match=f"{length} entries"):
        walsh(np.zeros(length))


def seconds(function: Callable[[np.ndarray], np.ndarray], v: np.ndarray) -> float:
    start = time.perf_counter()
    function(v)
    return time.perf_counter() - start


@pytest.mark.parametrize(("n", "samples"), [(8, 200), (10, 100), (12, 40)])
def test_walsh_takes_at_most_half_as_long_again_as_moebius(n: int, samples: int) -> None:
    v = game(n, samples)
    times = np.array([[seconds(walsh, v), seconds(moebius, v)] for _ in range(15)])
    ours, theirs = times.min(axis=0)  # the least is what other processes disturb least
    assert ours <= 1.5 * theirs


@pytest.mark.parametrize("name", ["agreement", "commonality", "null", "sampled", "walsh"])
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"whypretrain.interactions.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
