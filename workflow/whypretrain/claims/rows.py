"""Choosing rows of a tidy table by conditions on its columns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.errors import InputError

_COMPARISON = re.compile(r"^(<=|>=|<|>)\s*(\S+)$")
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(rows: pd.DataFrame, conditions: Mapping[str, Any]) -> pd.DataFrame:
    """The rows that meet every condition, each judged on all rows given.

    A condition is a value, a list of values, a comparison with a number or a column (`"< reference_layer"`),
    a half of the column's range from 1 to its maximum (`"lower half"`, `"upper half"`), or `"nearest 0.05"`.

    Raises:
        InputError: if the table lacks a column.
    """
    chosen = np.ones(len(rows), dtype=bool)
    for name, condition in conditions.items():
        chosen &= np.asarray(_meets(rows, column(rows, name), condition), dtype=bool)
    return rows[chosen]


def column(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column by its name.

    Raises:
        InputError: if the table lacks it.
    """
    if name not in rows:
        raise InputError(f"the table has no column {name!r}; it has {', '.join(map(str, rows.columns))}")
    return rows[name]


def _meets(rows: pd.DataFrame, values: pd.Series, condition: Any) -> Any:
    if isinstance(condition, list):
        return values.isin(condition)
    if not isinstance(condition, str) or rows.empty:
        return values == condition
    if condition in ("lower half", "upper half"):
        lower = values <= values.max() / 2
        return lower if condition == "lower half" else ~lower
    if condition.startswith("nearest "):
        distance = (values - float(condition.removeprefix("nearest "))).abs()
        return distance == distance.min()
    if match := _COMPARISON.match(condition):
        return _OPERATORS[match[1]](values, _operand(rows, match[2]))
    return values == condition


def _operand(rows: pd.DataFrame, text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return column(rows, text)
