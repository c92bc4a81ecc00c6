"""Bad input to the selection, named in one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from whypretrain.errors import InputError


def check_cost(cost: np.ndarray) -> np.ndarray:
    """The cost as a finite float64 matrix.

    Raises:
        InputError: if it is not a non-empty matrix, or an entry is not finite.
    """
    cost = np.asarray(cost, dtype=np.float64)
    if cost.ndim != 2 or cost.size == 0:
        raise InputError(f"cost has shape {cost.shape}: give a matrix (sources, targets)")
    if not np.isfinite(cost.sum()):
        row, column = np.argwhere(~np.isfinite(cost))[0]
        raise InputError(f"cost[{row}, {column}] is {cost[row, column]}: give finite costs")
    return cost


def check_mass(mass: np.ndarray | None, size: int, side: str) -> np.ndarray:
    """The masses of one side in float64, ones where none are given.

    Raises:
        InputError: if the length is wrong, a mass is negative or not finite, or all are zero.
    """
    if mass is None:
        return np.ones(size)
    mass = np.asarray(mass, dtype=np.float64)
    if mass.shape != (size,):
        raise InputError(f"{side} mass has shape {mass.shape}: give one mass for each of the {size} entries")
    wrong = np.flatnonzero(~(np.isfinite(mass) & (mass >= 0)))
    if wrong.size:
        raise InputError(f"{side} mass {wrong[0]} is {mass[wrong[0]]}: masses are finite and not negative")
    if not mass.any():
        raise InputError(f"{side} mass is zero everywhere: give at least one positive mass")
    return mass


def check_positive(**values: float) -> None:
    """Raise InputError naming the first value that is not a finite positive number."""
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name} is {value}: give a positive number")


def check_weights(**values: float) -> None:
    """Raise InputError naming the first marginal weight that is not in [0, infinity]."""
    for name, value in values.items():
        if not value >= 0:
            raise InputError(f"{name} is {value}: give a weight of zero or more, infinity for an exact marginal")


def check_one_of(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raise InputError if `value` is not one of `allowed`."""
    if value not in allowed:
        raise InputError(f"{name} is {value!r}: choose one of {', '.join(allowed)}")


def check_features(features: np.ndarray, side: str, names: Sequence[str] | None = None) -> np.ndarray:
    """A matrix (entries, dimensions) of finite rows, none of them zero; its type is kept.

    Raises:
        InputError: naming the first bad row, by its name where `names` are given.
    """
    features = np.asarray(features)
    if features.ndim != 2 or features.size == 0:
        raise InputError(f"{side} features have shape {features.shape}: give a matrix (entries, dimensions)")
    if names is not None and len(names) != len(features):
        raise InputError(f"{len(names)} names for {len(features)} {side} rows: give one name a row")
    square = np.einsum("ij,ij->i", features, features, dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(square) | (square == 0))
    if wrong.size:
        raise InputError(f"{side} {_called(wrong[0], names)} {_fault(features[wrong[0]])}")
    return features


def _called(row: int, names: Sequence[str] | None) -> str:
    return f"row {row}" if names is None else f"row {row} ({names[row]})"


def _fault(row: np.ndarray) -> str:
    if np.isnan(row).any():
        return "has NaN features: extract them again"
    if not np.isfinite(row).all():
        return "has infinite features: extract them again"
    if not row.any():
        return "has norm zero, so no direction: remove it or extract its features again"
    return "has a norm out of the range of its number type: rescale the features"


def check_dimensions(source: np.ndarray, target: np.ndarray) -> None:
    """Raise InputError if the two feature matrices differ in dimension."""
    if source.shape[1] != target.shape[1]:
        raise InputError(
            f"source features have {source.shape[1]} dimensions, target features {target.shape[1]}: "
            "extract both with the same model and layer"
        )
