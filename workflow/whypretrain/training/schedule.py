"""The learning rate and the checkpoints as functions of the step."""

from __future__ import annotations

import math
from collections.abc import Callable

from whypretrain.training.recipe import Recipe

_START = 1 / 25  # one_cycle begins at this share of the peak
_END = _START / 1e4  # and ends at this one


def learning_rate_factor(recipe: Recipe, step: int) -> float:
    """Learning rate of a step (0-based) over its peak.

    - `one_cycle`: cosine from 1/25 up to 1 during the warm-up, then cosine down to 4e-6 (arXiv 1708.07120;
      the phases end on steps, as in torch's `OneCycleLR`).
    - `cosine`: linear warm-up, then (1 + cos(pi t)) / 2 with t from 0 to 1 over the rest.
    - `step`: linear warm-up, then 1, tenfold less after each milestone (arXiv 2111.12292: 0.6, 0.8).

    Example:
        >>> learning_rate_factor(Recipe(schedule="step", warmup=0.0, steps=100), 60)
        0.1
    """
    return _SCHEDULES[recipe.schedule](recipe, step)


def checkpoint_steps(steps: int, number: int) -> list[int]:
    """`number` steps at which to keep the weights: 0, the last, and log-spaced ones between.

    Step s means after s updates. Fewer are returned where the run has fewer steps.

    Example:
        >>> checkpoint_steps(100, 4)
        [0, 1, 10, 100]
    """
    if number < 2:
        return [steps] * number
    found, ratios = [0], min(number, steps + 1) - 2
    for place in range(ratios + 1):
        spaced = round(steps ** (place / ratios)) if ratios else steps
        found.append(max(found[-1] + 1, spaced))
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


_SCHEDULES: dict[str, Callable[[Recipe, int], float]] = {
    "one_cycle": _one_cycle,
    "cosine": _cosine,
    "step": _step,
}
