"""The streaming form against the dense one."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.selection import cosine_cost, unbalanced_ot, unbalanced_ot_from_features


def features(n: int, m: int, d: int = 12) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    return draw.normal(size=(n, d)) + 0.5, draw.normal(size=(m, d)) + 0.2


@pytest.mark.parametrize("epsilon", [0.1, 0.01])
@pytest.mark.parametrize("taus", [(0.1, 10.0), (0.0, 1.0), (1.0, 0.0), (0.1, np.inf), (np.inf, 0.1)])
@pytest.mark.parametrize("shape", [(150, 20), (20, 150)])
@pytest.mark.parametrize(("precision", "tolerance", "error"), [("single", 1e-5, 2e-4), ("double", 1e-9, 1e-8)])
def test_equals_dense(epsilon, taus, shape, precision, tolerance, error):
    source, target = features(*shape)
    options = {"epsilon": epsilon, "tau_source": taus[0], "tau_target": taus[1]}
    dense = unbalanced_ot(cosine_cost(source, target), **options)
    found = unbalanced_ot_from_features(
        source, target, **options, precision=precision, tolerance=tolerance, block_size=33
    )
    np.testing.assert_allclose(found.row_mass, dense.row_mass, rtol=error)
    np.testing.assert_allclose(found.column_mass, dense.column_mass, rtol=error)
    assert found.dual == pytest.approx(dense.dual, rel=error, abs=error)


@pytest.mark.parametrize("reference", ["ones", "product"])
def test_equals_dense_with_masses(reference):
    source, target = features(80, 15)
    draw = np.random.default_rng(1)
    a, b = draw.random(80), draw.random(15)
    a[3] = 0
    options = {"epsilon": 0.1, "tau_source": 0.2, "tau_target": 3.0, "reference": reference}
    dense = unbalanced_ot(cosine_cost(source, target), a, b, **options)
    found = unbalanced_ot_from_features(source, target, a, b, **options, precision="double", tolerance=1e-9)
    np.testing.assert_allclose(found.row_mass, dense.row_mass, rtol=1e-8)


def test_block_size_changes_rounding_only():
    source, target = features(100, 10)
    options = {"epsilon": 0.1, "tau_source": 0.1, "tau_target": 10.0, "precision": "double", "tolerance": 1e-9}
    masses = [unbalanced_ot_from_features(source, target, **options, block_size=size).row_mass for size in (1, 7, None)]
    np.testing.assert_allclose(masses[0], masses[2], rtol=1e-10)
    np.testing.assert_allclose(masses[1], masses[2], rtol=1e-10)


def test_memory_is_that_of_blocks():
    source, target = (x.astype(np.float32) for x in features(20_000, 1_000, 8))
    tracemalloc.start()
    unbalanced_ot_from_features(source, target, epsilon=0.1, tau_source=0.1, tau_target=10.0, block_size=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6  # the cost matrix alone is 80 MB in single precision


def test_half_precision_features_are_read():
    source, target = features(50, 10)
    options = {"epsilon": 0.1, "tau_source": 0.1, "tau_target": 10.0}
    half = unbalanced_ot_from_features(source.astype(np.float16), target.astype(np.float16), **options)
    full = unbalanced_ot_from_features(source, target, **options)
    np.testing.assert_allclose(half.row_mass, full.row_mass, rtol=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": np.full((3, 4), np.nan)}, "source row 0 has NaN features"),
        ({"target": np.array([[1.0, 0, 0, 0], [0, 0, 0, 0]])}, "target row 1 has norm zero"),
        ({"target": np.ones((2, 5))}, "source features have 4 dimensions, target features 5"),
        ({"epsilon": 0}, "epsilon is 0"),
        ({"precision": "half"}, "precision is 'half'"),
        ({"block_size": -1}, "block_size is -1"),
        ({"source_mass": [1, -1, 1]}, "source mass 1 is -1"),
        ({"tolerance": 1e-14}, "no certificate within 1000 iterations"),
    ],
)
def test_broken_input_is_named(change, message):
    options = {"source": np.random.default_rng(0).random((3, 4)), "target": np.eye(2, 4), "epsilon": 0.1, **change}
    with pytest.raises(InputError, match=message):
        unbalanced_ot_from_features(
            options.pop("source"), options.pop("target"), tau_source=0.1, tau_target=1.0, **options
        )
