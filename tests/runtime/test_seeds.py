import numpy as np

from whypretrain.runtime.seeds import generator, seed_of


def test_seeds_depend_on_every_part_and_on_nothing_else():
    assert seed_of(0, "a") == seed_of(0, "a")
    assert len({seed_of(0, "a"), seed_of(1, "a"), seed_of(0, "b"), seed_of(0), seed_of("0a")}) == 5
    assert seed_of(0, "ab") != seed_of("0a", "b")


def test_seeds_fit_torch_and_numpy():
    assert all(0 <= seed_of(i) < 2**63 for i in range(100))
    assert np.array_equal(generator(7, "x").random(3), generator(7, "x").random(3))
