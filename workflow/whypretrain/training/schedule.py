"""The learning rate and the checkpoints as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whypretrain.config.recipe import Recipe

_START = 1 / 25  # one_cycle begins at this share of the peak
_END = _START / 1e4  # and ends at this one
_FIRST = 0.01  # share of the run at which the first checkpoint after step 0 lies


def learning_rate_factor(recipe: Recipe, step: int) -> float:
    """Learning rate of a step (0-based) over its peak.

    - `one_cycle`: cosine from 1/25 up to 1 during the warm-up, then cosine down to 4e-6 (arXiv 1708.07120;
      the phases end on steps, as in torch's `OneCycleLR`).
    - `cosine`: linear warm-up, then (1 + cos(pi t)) / 2 with t from 0 to 1 over the rest.
    - `step`: linear warm-up, then 1, tenfold less after each milestone (arXiv 2111.12292: 0.6, 0.8).

    Example:
        >>> from whypretrain.training import Recipe
        >>> learning_rate_factor(Recipe(schedule="step", warmup=0.0, steps=100), 60)
        0.1
    """
    return SCHEDULES[recipe.schedule](recipe, step)


def checkpoint_steps(steps: int, number: int, spacing: str = "geometric") -> list[int]:
    """`number` steps at which to keep the weights: 0, the last, and others between at set shares of the run.

    The shares do not depend on `steps`, so that runs of different length can be compared. `geometric`: from 1 %, the
    first of the 100 epochs of arXiv:2307.06006, each by the same factor later than the one before; `linear`: at equal
    distances. Step s means after s updates. Fewer are returned where the run has fewer steps.

    Example:
        >>> checkpoint_steps(200, 4), checkpoint_steps(200, 5, "linear")
        ([0, 2, 20, 200], [0, 50, 100, 150, 200])
    """
    if number < 2:
        return [steps] * number
    found, number = [0], min(number, steps + 1)
    for left in reversed(range(number - 1)):
        geometric = _FIRST ** (left / max(1, number - 2))
        share = geometric if spacing == "geometric" else 1 - left / (number - 1)
        found.append(min(max(found[-1] + 1, round(share * steps)), steps - left))
    return found


def _one_cycle(recipe: Recipe, step: int) -> float:
    peak, last = recipe.warmup * recipe.steps - 1, recipe.steps - 1
    if step <= peak:
        return _cosine_between(_START, 1.0, step / peak if peak > 0 else 1.0)
    first = max(peak, 0.0)
    return _cosine_between(1.0, _END, (step - first) / (last - first) if last > first else 1.0)


def _cosine(recipe: Recipe, step: int) -> float:
    rise = round(recipe.warmup * recipe.steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    return _cosine_between(1.0, 0.0, (step - rise) / (recipe.steps - rise))


def _step(recipe: Recipe, step: int) -> float:
    rise = round(recipe.warmup * recipe.steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.1 ** sum(step >= round(share * recipe.steps) for share in recipe.milestones)


def _cosine_between(first: float, last: float, share: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


SCHEDULES: dict[str, Callable[[Recipe, int], float]] = {  # the values of a recipe's `schedule`
    "one_cycle": _one_cycle,
    "cosine": _cosine,
    "step": _step,
}
