"""The vocabulary by hand-made rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import STATISTICS
from whypretrain.training.schedule import checkpoint_steps

CURVE = pd.DataFrame({"step": [4, 0, 2], "y": [1.0, 0.0, 2.0], "z": [1.0, 1.0, np.nan]})


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("mean", {"column": "y"}, 1.0),
        ("mean", {"column": "y", "less": "z"}, -0.5),
        ("minimum", {"column": "y"}, 0.0),
        ("maximum", {"column": "y", "less": "step"}, 0.0),
        ("distance", {"column": "y", "less": "step"}, 1.0),
        ("share", {"column": "y", "above": 0.5}, 2 / 3),
        ("share", {"column": "z", "above": 0.5}, 1.0),
        ("ratio", {"numerator": "y", "denominator": "step"}, 0.5),
        ("ratio", {"numerator": "y", "denominator": "z"}, 0.5),
        ("correlation", {"column": "y", "other": "step"}, 0.5),
        ("effective_share", {"column": "y"}, 9 / (3 * 5)),
        ("concentration", {"column": "z"}, 1.0),
    ],
)
def test_by_hand(name: str, options: dict[str, object], expected: float) -> None:
    assert STATISTICS[name].function(CURVE, **options) == pytest.approx(expected)


@pytest.mark.parametrize("sign", [1, -1])
def test_trend_is_that_of_the_ratios_of_sums(sign: int) -> None:
    rows = pd.DataFrame({"order": [1, 1, 2, 2, 3], "a": [1.0, 3, 5, 1, 9], "b": [8.0, 8, 8, 8, 8]})
    rows["order"] *= sign
    assert STATISTICS["trend"].function(rows, numerator="a", denominator="b", along="order") == sign


def test_smallest_gap_is_to_the_highest_rival() -> None:
    first = pd.DataFrame({"layer": [1, 2, 3], "y": [0.9, 0.8, 0.2]})
    rivals = pd.DataFrame({"layer": [1, 1, 2, 2], "y": [0.1, 0.7, 0.3, 0.2]})
    assert STATISTICS["smallest_gap"].function(first, rivals, column="y", key="layer") == pytest.approx(0.2)


COMPARED = {"column": "y", "along": "step"}


def test_curves_are_compared_without_their_ends() -> None:
    first = pd.DataFrame({"step": [8, 0, 2, 4], "y": [1.0, 0.5, 0.9, 0.7]})
    second = pd.DataFrame({"step": [0, 20, 40, 80], "y": [0.1, 0.2, 0.3, 1.0]})
    assert STATISTICS["area"].function(first, second, **COMPARED) == pytest.approx(0.75 - 0.2)
    assert STATISTICS["detour"].function(first, second, **COMPARED) == pytest.approx(0.2)


@pytest.mark.parametrize("power", [1, 2, 3])
@pytest.mark.parametrize("spacing", ["geometric", "linear"])
@pytest.mark.parametrize(("lengths", "number"), [((150, 600), 6), ((60, 1000), 4), ((300, 39_000), 20)])
def test_one_curve_is_not_ahead_of_itself_in_a_longer_run(
    power: int, spacing: str, lengths: tuple[int, int], number: int
) -> None:
    steps = [np.array(checkpoint_steps(length, number, spacing)) for length in lengths]
    short, long = (pd.DataFrame({"step": at, "y": (at / at[-1]) ** power}) for at in steps)
    assert abs(STATISTICS["area"].function(short, long, **COMPARED)) < 1e-3
    assert STATISTICS["detour"].function(short, long, **COMPARED) == 0


@pytest.mark.parametrize("other", [[0, 1, 5, 25, 121, 600], [0, 120, 240, 360, 480, 600], [0, 6, 600], [600]])
def test_curves_known_at_other_shares_are_not_compared(other: list[int]) -> None:
    curve = pd.DataFrame({"step": checkpoint_steps(600, 6), "y": 1.0})
    for name in ("area", "detour"):
        found = STATISTICS[name].function(curve, pd.DataFrame({"step": other, "y": 1.0}), **COMPARED)
        assert np.isnan(found)


def test_overlap_is_the_share_of_common_values() -> None:
    first, other = pd.DataFrame({"c": [1, 2, 3, 4]}), pd.DataFrame({"c": [4, 2, 9]})
    assert STATISTICS["overlap"].function(first, other, key="c") == 0.5


@pytest.mark.parametrize("name", ["mean", "minimum", "maximum", "effective_share"])
def test_nothing_known_is_undefined(name: str) -> None:
    assert np.isnan(STATISTICS[name].function(pd.DataFrame({"y": [np.nan, np.nan]}), column="y"))
