"""A game: the images, players and hidden values that all networks of a target share, with scores known before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain import data, models
from whypretrain.data import ImageSet
from whypretrain.interactions.archive import digest, earlier_rows
from whypretrain.interactions.baselines import baseline_values
from whypretrain.interactions.networks import Network
from whypretrain.interactions.players import PlayerSet, grid_players, load_players
from whypretrain.interactions.precision import safe_precision
from whypretrain.interactions.scoring import score_coalitions
from whypretrain.seeds import generator, seed_of

_GATE_SAMPLES = 8


@dataclass(frozen=True)
class Game:
    """The inputs that all networks share.

    Attributes:
        images: the S images, in the order of scoring.
        players: one set an image.
        baseline: what hidden players show, (S or 1, C, H or 1, W or 1).
        options: background, batch_size and dtype of `score_coalitions`.
        known: rows of scores, (S or fewer, 2^n), by the key of the weights that made them.
    """

    images: ImageSet
    players: list[PlayerSet]
    baseline: np.ndarray
    options: dict[str, Any]
    known: Mapping[str, np.ndarray]

    @property
    def owner(self) -> np.ndarray:
        """The player at each position of each image, (S, H, W)."""
        return np.stack([each.owner for each in self.players])

    @property
    def key(self) -> str:
        """Digest of all that decides a score but the weights."""
        return digest(self.options, self.images.images, self.images.labels, self.owner, self.baseline)

    def gated(self, networks: Sequence[Network]) -> Game:
        """The game at the precision asked for where that is safe for all networks, else at float32."""
        named = {network.name: network.model for network in networks}
        dtype = safe_precision(named, **self._inputs(_GATE_SAMPLES), **self.options)
        return replace(self, options=self.options | {"dtype": dtype})

    def remembering(self, path: Path) -> Game:
        """The game with the rows of an earlier archive, if that is of this same game."""
        return replace(self, known=earlier_rows(path, self.key))

    def scores(self, networks: Sequence[Network], samples: int | None = None) -> np.ndarray:
        """Scores of the networks on the first `samples` images, default all: (networks, samples, 2^n)."""
        samples = len(self.images) if samples is None else min(samples, len(self.images))
        rows = {key: row[:samples] for key, row in self.known.items() if len(row) >= samples}
        missing = {each.about["key"]: each.model for each in networks if each.about["key"] not in rows}
        if missing:
            made = score_coalitions(missing, **self._inputs(samples), **self.options)
            rows |= dict(zip(missing, made, strict=True))
        found = [rows[each.about["key"]] for each in networks]
        return np.stack(found) if found else np.empty((0, samples, 1 << self.players[0].n), np.float32)

    def _inputs(self, samples: int) -> dict[str, Any]:
        """What `score_coalitions` is told about the first `samples` images."""
        pixels = models.as_input(self.images.images[:samples])
        hidden = np.broadcast_to(self.baseline, self.images.images.shape)[:samples]
        return {
            "images": pixels,
            "labels": self.images.labels[:samples],
            "players": self.players[:samples],
            "baseline": pixels.new_tensor(hidden),
            "ids": self.images.manifest["id"].tolist()[:samples],
        }


def draw_game(images: ImageSet, config: Mapping[str, Any], target: str) -> Game:
    """Test images and their players, the same for every architecture and training seed of a target.

    Args:
        images: the target's images; the training images give the baseline.
        config: players, grid, margin, player_file, samples, baseline, background, batch_size, dtype, seed.
        target: names the draw.

    Raises:
        InputError: if there are too few images, or the players do not fit them.
    """
    drawn = load_players(config["player_file"]) if config["player_file"] else {}
    test = images.split("test")
    if drawn:
        test = test.take(np.flatnonzero(test.manifest["id"].isin(list(drawn)).to_numpy()))
    name = (config["seed"], "interactions", target)
    chosen = test.take(_drawn(test, config["samples"], name))
    place = {"seed": seed_of(*name), "margin": config["margin"]}
    ids, size = chosen.manifest["id"], chosen.images.shape[2:]
    players = [
        drawn[each] if drawn else grid_players(config["grid"], config["players"], size, image=each, **place)
        for each in ids
    ]
    baseline = baseline_values(config["baseline"], chosen.images, images.split("train").images)
    options = {key: config[key] for key in ("background", "batch_size", "dtype")}
    return Game(chosen, players, baseline, options, {})


def _drawn(test: ImageSet, size: int, name: Sequence[object]) -> np.ndarray:
    """Rows of a stratified draw in random order; of fewer images than classes, one of some classes each."""
    rows = data.few_shot(
        test.labels,
        max(size, len(test.classes)),
        classes=test.classes,
        seed=seed_of(*name),
        what="test images",
    )
    return generator(*name, "order").permutation(rows)[:size]
