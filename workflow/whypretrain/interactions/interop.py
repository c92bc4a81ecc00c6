"""To and from shapiq, for its other indices and its plots."""

from __future__ import annotations

from typing import Any

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.transforms import coalitions, orders, players_of


def to_shapiq(effects: np.ndarray) -> Any:
    """AND effects of one sample, (2^n,), as `shapiq.InteractionValues` of index "Moebius".

    Raises:
        InputError: if shapiq is not installed or there is more than one sample.
    """
    shapiq = _shapiq()
    if effects.ndim != 1:
        raise InputError(f"effects have shape {effects.shape}: give those of one sample, (2^n,)")
    n = players_of(effects)
    masks = np.argsort(orders(n), kind="stable")  # shapiq counts up by order
    lookup = {_members(int(mask), n): place for place, mask in enumerate(masks)}
    return shapiq.InteractionValues(
        values=np.asarray(effects, dtype=np.float64)[masks],
        index="Moebius",
        max_order=n,
        min_order=0,
        n_players=n,
        interaction_lookup=lookup,
        baseline_value=float(effects[0]),
        estimated=False,
    )


def from_shapiq(values: Any) -> np.ndarray:
    """AND effects (2^n,) from `shapiq.InteractionValues` of index "Moebius"; what it leaves out is zero.

    Raises:
        InputError: if the values are of another index: they determine no game.
    """
    if values.index != "Moebius":
        raise InputError(
            f"interaction values of index {values.index!r}: compute the index Moebius, which determines the game"
        )
    effects = np.zeros(len(coalitions(values.n_players)))
    for members, value in values.dict_values.items():
        effects[sum(1 << player for player in members)] = value
    return effects


def _members(mask: int, n: int) -> tuple[int, ...]:
    return tuple(player for player in range(n) if mask >> player & 1)


def _shapiq() -> Any:
    try:
        import shapiq
    except ImportError as error:
        raise InputError("shapiq is not installed: pip install 'shapiq>=1.4'") from error
    return shapiq
