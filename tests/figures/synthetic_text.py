"""Sentences with words as players, for figures of text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.data import ImageSet
from whypretrain.figures import FIGURES
from whypretrain.figures.players import Players
from whypretrain.figures.players import read as read_players

SENTENCE = "The speech in this example is not very long"
PLAYERS = ["speech", "example", "not", "long"]  # in the order of their numbers


def text_tables(folder: Path, targets: Sequence[str], samples: int = 4) -> dict[str, Any]:
    """Players and sentences of each target: one token a word between two special ones, and padding."""
    ids = [f"{sample:06d}" for sample in range(samples)]
    words = [-1, *range(len(SENTENCE.split())), -1]
    owner = np.array([-1, *(PLAYERS.index(word) if word in PLAYERS else -1 for word in SENTENCE.split()), -1, -1, -1])
    labels = {"split": "test", "label": range(samples), "class_name": "x", "concept": "x", "origin": "x"}
    manifest = pd.DataFrame({"id": ids, **labels, "text": SENTENCE, "words": [words] * samples})
    tokens = np.zeros((samples, 1, len(owner)), np.int32)
    return {
        "text_players": [
            _players(folder / f"text_{target}.npz", target, np.stack([owner] * samples), ids) for target in targets
        ],
        "text_data": {target: ImageSet(tokens, manifest) for target in targets},
    }


def _players(path: Path, target: str, owner: np.ndarray, ids: list[str]) -> Players:
    """What an archive of scores holds of them, read back."""
    about = json.dumps({"target": target, "samples": ids})
    np.savez(path, owner=owner.astype(np.int16), about=np.array(about))
    return read_players(path)


def of_figure(name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tables of a figure: those of text for a figure of text."""
    if "text" not in FIGURES[name].when or "text_data" not in given:
        return given
    return {**given, "players": given["text_players"], "target_data": given["text_data"]}
