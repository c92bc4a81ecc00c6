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
_SHARE = re.compile(r"^(\d+)/(\d+)$")
_HALVES: dict[str, Callable[[pd.Series, pd.Series], pd.Series]] = {
    "lower half": lambda values, lower: lower,
    "upper half": lambda values, lower: ~lower,
    "last of lower half": lambda values, lower: values == values[lower].max(),
    "first of upper half": lambda values, lower: values == values[~lower].min(),
}
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(rows: pd.DataFrame, conditions: Mapping[str, Any]) -> pd.DataFrame:
    """The rows that meet every condition, each judged on all rows given.

    A condition is a value, a list of values, a comparison with a number, a column (`"< reference_layer"`) or a share of
    the column's maximum (`"> 7/12"`), a half of its range from 1 to the maximum (`"lower half"`, `"upper half"`), the
    value at the edge of one (`"last of lower half"`, `"first of upper half"`), or `"nearest 0.05"`.

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
    if condition in _HALVES:
        lower = values <= values.max() / 2
        return _HALVES[condition](values, lower)
    if condition.startswith("nearest "):
        distance = (values - float(condition.removeprefix("nearest "))).abs()
        return distance == distance.min()
    if match := _COMPARISON.match(condition):
        return _OPERATORS[match[1]](values, _operand(rows, values, match[2]))
    return values == condition


def _operand(rows: pd.DataFrame, values: pd.Series, text: str) -> Any:
    if match := _SHARE.match(text):
        return values.max() * int(match[1]) / int(match[2])
    try:
        return float(text)
    except ValueError:
        return column(rows, text)
