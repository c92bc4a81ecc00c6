"""The folder of a training: its best weights, and what else it saved on its way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from whypretrain.errors import InputError
from whypretrain.provenance import ENDINGS

_ENDING = rf"({'|'.join(map(re.escape, ENDINGS))})+$"
_BEST = (r"model_best", r"best(_model|_checkpoint)?", r".*best.*", r"last", r"final", r"model", r"checkpoint")
_LEAST = 2  # checkpoints that are a training to follow


class Training(NamedTuple):
    """What the folder of a training holds.

    Attributes:
        weights: source of the trained model, file:PATH.
        checkpoint_files: pattern of its numbered checkpoints; None where there are fewer than two.
        notes: what was chosen.
    """

    weights: str
    checkpoint_files: str | None
    notes: list[str]


def find_training(folder: Path) -> Training:
    """The best weights in a folder and its numbered checkpoints, by the names that training scripts give them.

    Best: model_best.*, best.*, a name with "best", last.*, final.*, model.*, checkpoint.*, else the one with the last
    number. A folder of transformers or timm (config.json) is itself the model.

    Raises:
        InputError: if it holds no file of weights.
    """
    numbered = _numbered(folder)
    pattern, steps = max(numbered.items(), key=lambda item: len(item[1]), default=("", {}))
    followed = str(folder / pattern) if len(steps) >= _LEAST else None
    notes = []
    if followed:
        notes = [f"{len(steps)} checkpoints of its training: {followed}, numbers {min(steps)} to {max(steps)}"]
    if (folder / "config.json").is_file():
        return Training(f"file:{folder}", followed, notes)
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix in ENDINGS]
    named = {re.sub(_ENDING, "", path.name): path for path in files}
    best = next((path for each in _BEST for stem, path in named.items() if re.fullmatch(each, stem)), None)
    best = best or (steps[max(steps)] if steps else None) or (files[0] if len(files) == 1 else None)
    if best is None:
        there = f"several files of weights, {', '.join(path.name for path in files[:5])}" if files else "none"
        raise InputError(f"{folder}: no trained model found, {there}; give the file, file:{folder}/NAME")
    return Training(f"file:{best}", followed, [f"the trained model is {best}", *notes])


def last_number(name: str) -> re.Match[str] | None:
    """The last number in a file's name, which is the step of a checkpoint.

    Example:
        >>> last_number("vit16-checkpoint-300.pth.tar")[0]
        '300'
    """
    return next(reversed(list(re.finditer(r"\d+", name))), None)


def _numbered(folder: Path) -> dict[str, dict[int, Path]]:
    """Files and folders of weights whose names differ in their last number alone: pattern -> number -> path."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in ENDINGS and not (path.is_dir() and re.fullmatch(r"checkpoint-\d+", path.name)):
            continue
        if last := last_number(path.name):
            pattern = re.sub(r"\d+", "*", path.name[: last.start()]) + "*" + path.name[last.end() :]
            found.setdefault(pattern, {})[int(last[0])] = path
    return found
