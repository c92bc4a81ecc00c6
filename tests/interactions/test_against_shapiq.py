"""shapiq as an oracle: an independent implementation of the same transforms (2^n games, subsets in Python loops)."""

import numpy as np
import pytest

from whypretrain.interactions import moebius, or_interactions

shapiq = pytest.importorskip("shapiq")


def exact(v: np.ndarray, index: str):
    n = v.size.bit_length() - 1

    def game(shown: np.ndarray) -> np.ndarray:
        return v[(shown * (1 << np.arange(n))).sum(axis=1).astype(int)]

    return shapiq.ExactComputer(game, n_players=n)(index)


@pytest.mark.parametrize("n", [1, 4, 7, 10])
def test_and_effects_are_shapiqs_moebius_transform(n: int) -> None:
    v = np.random.default_rng(n).normal(size=1 << n)
    found = np.zeros(v.size)
    for members, value in exact(v, "Moebius").dict_values.items():
        found[sum(1 << player for player in members)] = value
    np.testing.assert_allclose(found, moebius(v), atol=1e-10)


@pytest.mark.parametrize("n", [2, 6, 10])
def test_or_effects_are_shapiqs_co_moebius_transform_up_to_sign(n: int) -> None:
    v = np.random.default_rng(n).normal(size=1 << n)
    effects = or_interactions(v)
    for members, value in exact(v, "Co-Moebius").dict_values.items():
        if members:
            mask = sum(1 << player for player in members)
            assert effects[mask] == pytest.approx((-1) ** (len(members) + 1) * value, abs=1e-10)


def test_shapley_values_follow_from_effects() -> None:
    v = np.random.default_rng(0).normal(size=64)
    effects, masks = moebius(v), np.arange(1, 64)
    order = np.bitwise_count(masks)
    ours = [(effects[masks] / order)[masks >> player & 1 == 1].sum() for player in range(6)]
    theirs = exact(v, "SV")
    np.testing.assert_allclose(ours, [theirs[(player,)] for player in range(6)], atol=1e-12)
