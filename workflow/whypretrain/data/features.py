"""Features that were kept of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whypretrain.errors import InputError


def load_features(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (N, d), labels (N,) and whether each is for training (N,), as the stage features writes them.

    Raises:
        InputError: if the file is not readable.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return found["features"], found["labels"], found["is_train"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(f"{path}: not a readable features file ({error}); remove it and run again") from error
