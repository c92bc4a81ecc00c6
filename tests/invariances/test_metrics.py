"""The metrics as differences, on hand-made values."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain import invariances

STIR = np.array([[0.9, 0.7, 0.4], [0.95, 0.8, 0.6], [0.5, 0.85, 0.7]])
NULL = np.array([[0.99, 1.0, 1.0], [0.9, 0.98, 1.0], [0.4, 0.8, 0.97]])


@pytest.mark.parametrize("metric", ["forgetting", "learning", "cka_divergence"])
def test_difference_from_the_self_value(metric):
    function = getattr(invariances, metric)
    np.testing.assert_allclose(function([0.9, 0.4]), [0.1, 0.6])
    np.testing.assert_allclose(function([0.9, 0.4], self_value=[0.95, 0.9]), [0.05, 0.5])
    assert function(1.0) == 0


def test_flow_is_relative_to_its_row_s_diagonal():
    np.testing.assert_allclose(invariances.flow(STIR)[1], [0.15, 0.0, -0.2])
    assert np.diag(invariances.flow(STIR)).tolist() == [0, 0, 0]
    np.testing.assert_allclose(invariances.flow(np.stack([STIR, NULL]))[1], invariances.flow(NULL))


def test_stir_is_recovered_from_flow_and_forgetting():
    forgotten = invariances.forgetting(STIR.diagonal())
    np.testing.assert_allclose(invariances.flow(STIR) + 1 - forgotten[:, None], STIR)


def test_untouched_model_has_no_excess_and_the_null_flow():
    assert not invariances.excess(NULL, NULL).any()
    np.testing.assert_array_equal(invariances.flow(NULL), invariances.null_flow(NULL))
    np.testing.assert_allclose(invariances.excess(STIR, NULL)[2, 1], 0.05)


def test_scaled_runs_from_self_to_chance():
    self_value, permuted = [0.9, 0.9, 0.9, 0.2], [0.1, 0.1, 0.1, 0.2]
    found = invariances.scaled([0.9, 0.5, 0.1, 0.3], self_value=self_value, permuted=permuted)
    np.testing.assert_allclose(found, [0, 0.5, 1, np.nan])


def test_shortfall_averages_later_blocks_only():
    np.testing.assert_allclose(invariances.nesting_shortfall(NULL), [0.01 / 3, 0.01, 0.03])


def test_published_500_step_values_reproduce_their_flow_and_excess():
    """Rows of the authors' own notebook for CIFAR-10, block 8: positive cells at 4-6 lie within the null."""
    tuned = np.tile([0.60, 0.64, 0.74, 0.83, 0.90, 0.88, 0.79, 0.80], (8, 1))
    null = np.tile([0.57, 0.60, 0.72, 0.84, 0.90, 0.96, 0.99, 1.00], (8, 1))
    np.testing.assert_allclose(
        invariances.flow(tuned)[7], [-0.20, -0.16, -0.06, 0.03, 0.10, 0.08, -0.01, 0], atol=1e-12
    )
    np.testing.assert_allclose(
        invariances.excess(tuned, null)[7], [0.03, 0.04, 0.02, -0.01, 0, -0.08, -0.20, -0.20], atol=1e-12
    )
