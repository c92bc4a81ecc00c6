"""Rules without transport: baselines and controls."""

from __future__ import annotations

import numpy as np

from whypretrain.runtime.seeds import generator
from whypretrain.selection.rules import Scores, Settings


def nearest(cost: np.ndarray, settings: Settings) -> Scores:
    """Closeness to the nearest target class."""
    return Scores(-cost.min(axis=1))


def mean(cost: np.ndarray, settings: Settings) -> Scores:
    """Mean closeness to all target classes."""
    return Scores(-cost.mean(axis=1))


def round_robin(cost: np.ndarray, settings: Settings) -> Scores:
    """Target classes take turns, by index, to name their nearest, second nearest, ... source class."""
    turns = np.argsort(cost, axis=0, kind="stable").ravel()
    _, first = np.unique(turns, return_index=True)
    return Scores(-np.argsort(np.argsort(first)).astype(np.float64))


def random(cost: np.ndarray, settings: Settings) -> Scores:
    """A random order."""
    return Scores(generator(settings.seed, "random classes").random(len(cost)))


def every(cost: np.ndarray, settings: Settings) -> Scores:
    """Every class alike."""
    return Scores(np.ones(len(cost)))
