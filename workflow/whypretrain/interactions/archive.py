"""Scores on disk: one .npz holds what was scored, on what, by which weights; all analysis starts from it."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain.errors import InputError
from whypretrain.runtime import files

_AT_ONCE = 256  # rows of an array that are hashed at a time
_ARRAYS = ("scores", "checkpoint_scores", "owner", "about")


@dataclass(frozen=True)
class ScoreArchive:
    """Scores of models, and of some of their training checkpoints, on the same coalitions of the same players.

    Attributes:
        scores: float32, (models, S, coalitions).
        checkpoint_scores: float32, (checkpoints, first S' samples, coalitions); (0, 0, coalitions) where there are
            none.
        owner: int16, (S, *positions): players of each sample (see `players.PlayerSet`).
        about: target, architecture, seed, inputs (digest of all that decides a score but the weights),
            samples, labels, models [{name, key, control}], checkpoints [{name, step, key}] and the settings
            of the scoring.
        coalitions: those that were scored, Boolean (P, n), the same for all samples; None: all 2^n, in the order of
            `all_coalitions`.
    """

    scores: np.ndarray
    checkpoint_scores: np.ndarray
    owner: np.ndarray
    about: Mapping[str, Any]
    coalitions: np.ndarray | None = None

    @property
    def models(self) -> list[str]:
        """Names of the models, in the order of `scores`."""
        return [model["name"] for model in self.about["models"]]

    @property
    def run(self) -> dict[str, Any]:
        """Key columns of every table: target, architecture, seed."""
        return {key: self.about[key] for key in ("target", "architecture", "seed")}

    def known(self) -> dict[str, np.ndarray]:
        """Score rows by the key of the weights that made them."""
        rows = [*zip(self.about["models"], self.scores, strict=True)]
        rows += zip(self.about["checkpoints"], self.checkpoint_scores, strict=True)
        return {entry["key"]: row for entry, row in rows}


def save_scores(archive: ScoreArchive, path: str | Path) -> None:
    """Write the archive; the same content gives the same bytes."""
    about = np.array(json.dumps(archive.about, sort_keys=True, allow_nan=False))
    arrays = {name: getattr(archive, name) for name in _ARRAYS if name != "about"} | {"about": about}
    if archive.coalitions is not None:
        arrays["coalitions"] = archive.coalitions
    with files.atomic(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def load_scores(path: str | Path) -> ScoreArchive:
    """Read what `save_scores` wrote.

    Raises:
        InputError: if the file is missing, damaged, of another kind, or holds scores that are not finite.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            scores, checkpoint_scores, owner, about = (arrays[name] for name in _ARRAYS)
            coalitions = arrays.get("coalitions")
        archive = ScoreArchive(scores, checkpoint_scores, owner, json.loads(str(about)), coalitions)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: no readable score archive ({error}); remove it and score again") from error
    if not (np.isfinite(scores).all() and np.isfinite(checkpoint_scores).all()):
        raise InputError(f"{path}: holds scores that are not finite; remove it and score again")
    return archive


def gathered(paths: Sequence[str | Path]) -> ScoreArchive:
    """One archive of its shards, each with the scores of some images, in the order of the images.

    Raises:
        InputError: as `load_scores`, or if these are not all the shards of one archive.
    """
    shards = [load_scores(path) for path in paths]
    for path, shard in zip(paths, shards, strict=True):
        if shard.about != shards[0].about:
            raise InputError(
                f"{path}: of other models, images or precision than {paths[0]}; remove both and score again"
            )
    about, owner = shards[0].about, np.concatenate([shard.owner for shard in shards])
    if len(owner) != len(about["samples"]):
        raise InputError(f"{paths[0]}: shards of {len(owner)} images in place of {len(about['samples'])}; score again")
    scores = np.concatenate([shard.scores for shard in shards], axis=1)
    checkpoint_scores = np.concatenate([shard.checkpoint_scores for shard in shards], axis=1)
    return ScoreArchive(scores, checkpoint_scores, owner, about, shards[0].coalitions)


def earlier_rows(path: str | Path, inputs: str) -> dict[str, np.ndarray]:
    """Score rows by the key of their weights, of an archive whose digest of inputs is `inputs`; else none.

    A damaged archive is named on standard error and holds nothing.
    """
    if not Path(path).is_file():
        return {}
    try:
        earlier = load_scores(path)
    except InputError as error:
        print(f"{error}; scoring anew", file=sys.stderr)
        return {}
    return earlier.known() if earlier.about.get("inputs") == inputs else {}


def require_same_players(archives: Sequence[ScoreArchive], names: Sequence[object]) -> None:
    """Refuse to compare scores of other samples, players or labels.

    Raises:
        InputError: if an archive differs from the first one; the message names it.
    """
    first = archives[0]
    for name, archive in zip(names, archives, strict=True):
        arrays = ((archive.owner, first.owner), (archive.coalitions, first.coalitions))
        same = all(archive.about[key] == first.about[key] for key in ("samples", "labels"))
        if not same or not all(np.array_equal(one, other) for one, other in arrays):  # type: ignore[arg-type]
            raise InputError(
                f"{name}: samples, labels, players or coalitions differ from those of {names[0]}; score both with"
                " one config"
            )


def digest(settings: Mapping[str, Any], *arrays: np.ndarray) -> str:
    """SHA-256 of settings and arrays with their shapes: equal digests and equal weights mean equal scores."""
    found = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for array in arrays:
        found.update(f"{array.dtype} {array.shape}".encode())
        for start in range(0, len(array), _AT_ONCE):  # it may be a whole data set, mapped to memory
            found.update(np.ascontiguousarray(array[start : start + _AT_ONCE]).data)
    return found.hexdigest()
