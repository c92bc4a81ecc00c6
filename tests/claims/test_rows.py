"""Conditions on rows."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from whypretrain.claims.rows import select
from whypretrain.errors import InputError

ROWS = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [5, 4, 3, 2, 1], "c": list("xyxyx"), "d": [True, False] * 2 + [True]})


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"c": "x"}, [1, 3, 5]),
        ({"c": ["y", "z"]}, [2, 4]),
        ({"d": True}, [1, 3, 5]),
        ({"a": "> 3"}, [4, 5]),
        ({"a": "<= 2"}, [1, 2]),
        ({"a": "< b"}, [1, 2]),
        ({"a": "lower half"}, [1, 2]),
        ({"a": "upper half"}, [3, 4, 5]),
        ({"a": "last of lower half"}, [2]),
        ({"a": "first of upper half"}, [3]),
        ({"a": "<= 2/5"}, [1, 2]),
        ({"a": "> 7/12"}, [3, 4, 5]),
        ({"a": "nearest 3.8"}, [4]),
        ({"a": "upper half", "b": "upper half"}, [3]),
        ({"c": "z"}, []),
    ],
)
def test_conditions(conditions: dict[str, Any], kept: list[int]) -> None:
    assert select(ROWS, conditions)["a"].tolist() == kept


def test_conditions_on_no_rows() -> None:
    assert select(ROWS[:0], {"a": "lower half", "c": "< a"}).empty


def test_unknown_column_lists_the_known() -> None:
    with pytest.raises(InputError, match="no column 'e'; it has a, b, c, d"):
        select(ROWS, {"e": 1})
