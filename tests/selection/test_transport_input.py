"""Broken input of the solver is named in one line."""

from __future__ import annotations

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.selection import unbalanced_ot

COST = np.array([[0.1, 0.9], [0.4, 0.3], [0.8, 0.2]])
BROKEN = {
    "epsilon is 0": {"epsilon": 0.0},
    "epsilon is -1": {"epsilon": -1.0},
    "epsilon is nan": {"epsilon": np.nan},
    "tau_source is -1": {"tau_source": -1.0},
    "tau_target is nan": {"tau_target": np.nan},
    "tolerance is 0": {"tolerance": 0},
    "reference is 'uniform'": {"reference": "uniform"},
    "source mass 1 is -0.3": {"source_mass": [0.5, -0.3, 0.2]},
    "source mass 2 is nan": {"source_mass": [0.5, 0.3, np.nan]},
    "target mass has shape": {"target_mass": [1.0, 1.0, 1.0]},
    "target mass is zero everywhere": {"target_mass": [0.0, 0.0]},
    "both marginals are exact but their masses are 3 and 2": {"tau_source": np.inf, "tau_target": np.inf},
    "no certificate within 3 iterations": {"max_iterations": 3},
    "mass exceeds all numbers": {"cost": -1e6 * COST, "tau_source": 0.0},
    r"cost\[1, 0\] is nan": {"cost": [[0.0, 1.0], [np.nan, 0.0]]},
    r"cost\[0, 1\] is inf": {"cost": [[0.0, np.inf]]},
    r"cost has shape \(3,\)": {"cost": [0.0, 1.0, 2.0]},
    r"cost has shape \(0, 2\)": {"cost": np.empty((0, 2))},
}


@pytest.mark.parametrize("message", BROKEN)
def test_broken_input_is_named(message):
    options = {"cost": COST, "epsilon": 0.1, "tau_source": 0.1, "tau_target": 10.0, **BROKEN[message]}
    with pytest.raises(InputError, match=message):
        unbalanced_ot(options.pop("cost"), **options)
