"""A game: the images, players and hidden values that all networks of a target share, with scores known before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain import data, models
from whypretrain.data import ImageSet
from whypretrain.data.text_set import is_text
from whypretrain.interactions.archive import digest, earlier_rows
from whypretrain.interactions.baselines import baseline_values
from whypretrain.interactions.coalitions import random_coalitions
from whypretrain.interactions.levels import Batch, Features, Pixels
from whypretrain.interactions.networks import Network
from whypretrain.interactions.players import PlayerSet, grid_players, load_players
from whypretrain.interactions.rounding import safe_for_effects
from whypretrain.interactions.scoring import score_coalitions
from whypretrain.interactions.words import Embeddings, Tokens, by_length, level_of, scorable, word_players
from whypretrain.models import Classifier
from whypretrain.provenance import code_hash, versions
from whypretrain.runtime.seeds import generator, seed_of
from whypretrain.runtime.shards import WHOLE, Shard

_GATE_SAMPLES = 8


@dataclass(frozen=True)
class Game:
    """The inputs that all networks share.

    Attributes:
        images: the S images, in the order of scoring.
        players: one set an image.
        level: what players hide, and what it shows then.
        options: background, batch_size and dtype of `score_coalitions`.
        known: rows of scores, (S or fewer, coalitions), by the key of the weights that made them.
        shard: the part of the images that is scored here; all else, the gate before reduced precision too, is that of
            the whole game.
        coalitions: those that are scored, (number, n), the same for all images; None: all 2^n.
    """

    images: ImageSet
    players: list[PlayerSet]
    level: Pixels | Features | Tokens | Embeddings
    options: dict[str, Any]
    known: Mapping[str, np.ndarray]
    shard: Shard = WHOLE
    coalitions: np.ndarray | None = None

    @property
    def number(self) -> int:
        """How many coalitions are scored of each image."""
        return 1 << self.players[0].n if self.coalitions is None else len(self.coalitions)

    @property
    def owner(self) -> np.ndarray:
        """The player at each position of each image, (S, H, W)."""
        return np.stack([each.owner for each in self.players])

    def rows(self, samples: int) -> slice:
        """The shard's part of the first `samples` images: whole batches of a run without shards."""
        return self.shard.rows(samples, max(1, self.options["batch_size"] // self.number))

    @property
    def key(self) -> str:
        """Digest of all that decides a score but the weights: inputs, options, code, versions of libraries."""
        settings, hidden = self.level.identity
        made_by = {"code": code_hash(__name__), "versions": versions()}
        decisive = made_by | self.options | settings
        drawn = [] if self.coalitions is None else [self.coalitions]
        return digest(decisive, self.images.images, self.images.labels, self.owner, hidden, *drawn)

    def gated(self, networks: Sequence[Network], threshold: float) -> Game:
        """The game at the precision asked for where that is safe for all networks, else at float32.

        Effects above `threshold` of the largest are those that must not move, see `safe_for_effects`.
        """
        named = {network.name: network.model for network in networks}
        wanted = self.options["dtype"]
        safe = wanted == "float32" or all(
            safe_for_effects(batch, threshold=threshold, **inputs, **self.options) == wanted
            for batch, inputs in self._batches(named, slice(0, min(_GATE_SAMPLES, len(self.images))))
        )
        return replace(self, options=self.options | {"dtype": wanted if safe else "float32"})

    def remembering(self, path: Path) -> Game:
        """The game with the rows of an earlier archive, if that is of this same game."""
        return replace(self, known=earlier_rows(path, self.key))

    def scores(self, networks: Sequence[Network], samples: int | None = None) -> np.ndarray:
        """Scores of the networks on the shard's part of the first `samples` images: (networks, images, coalitions)."""
        asked = len(self.images) if samples is None else min(samples, len(self.images))
        rows = self.rows(asked)
        if rows.start == rows.stop or not networks:
            return np.empty((len(networks), rows.stop - rows.start, self.number), np.float32)
        found = {key: row[rows] for key, row in self.known.items() if len(row) >= asked}
        missing = {each.about["key"]: each.model for each in networks if each.about["key"] not in found}
        for batch, inputs in self._batches(missing, rows) if missing else ():
            found |= dict(zip(batch, score_coalitions(batch, **inputs, **self.options), strict=True))
        return np.stack([found[each.about["key"]] for each in networks])

    def _batches(self, named: Mapping[str, Classifier], rows: slice) -> Iterator[Batch]:
        """Networks that share a masked batch of some images, and the arguments of its scoring."""
        inputs = {
            "images": models.as_input(self.images.images[rows]),
            "labels": self.images.labels[rows],
            "players": self.players[rows],
            "ids": self.images.manifest["id"].tolist()[rows],
            "coalitions": self.coalitions,
        }
        return self.level.batches(named, inputs, rows)


def draw_game(images: ImageSet, config: Mapping[str, Any], target: str, shard: Shard = WHOLE) -> Game:
    """Test images and their players, the same for every architecture and training seed of a target.

    Args:
        images: the target's images; the training images give the baseline.
        config: players, grid, margin, player_file, coalitions, number, samples, level, baseline, background,
            batch_size, dtype, seed.
        target: names the draw.
        shard: the part of the test images that is scored.

    Raises:
        InputError: if there are too few images, or the players do not fit them.
    """
    drawn = load_players(config["player_file"]) if config["player_file"] else {}
    test, of_text, every = images.split("test"), is_text(images), config["coalitions"] == "all"
    if of_text:
        test = scorable(test, config["players"], every=every)
    if drawn:
        test = test.take(np.flatnonzero(test.manifest["id"].isin(list(drawn)).to_numpy()))
    name = (config["seed"], "interactions", target)
    chosen = test.take(_drawn(test, config["samples"], name))
    place = {"seed": seed_of(*name), "margin": config["margin"]}
    chosen = by_length(chosen) if of_text else chosen
    ids, size = chosen.manifest["id"], chosen.images.shape[2:]
    if of_text:
        how = {"every": every, "seed": place["seed"]}
        players = word_players(chosen, images.split("train"), config["players"], **how)
    else:
        players = [
            drawn[each] if drawn else grid_players(config["grid"], config["players"], size, image=each, **place)
            for each in ids
        ]
    options = {key: config[key] for key in ("background", "batch_size", "dtype")}
    drawn_coalitions = (  # shared by all images: one image is compared with another on the same coalitions
        random_coalitions(players[0].n, config["number"], seed=seed_of(*name))
        if config["coalitions"] == "sampled"
        else None
    )
    level = level_of(config["baseline"], images) if of_text else _level(config, chosen, images)
    return Game(chosen, players, level, options, {}, shard, drawn_coalitions)


def _level(config: Mapping[str, Any], chosen: ImageSet, images: ImageSet) -> Pixels | Features:
    """Where the players of images are hidden."""
    reference = images.split("train").images
    if config["level"] == "feature":
        return Features(config["baseline"], reference)
    return Pixels(baseline_values(config["baseline"], chosen.images, reference))


def _drawn(test: ImageSet, size: int, name: Sequence[object]) -> np.ndarray:
    """Rows of a stratified draw in random order; of fewer images than classes, one of some classes each."""
    rows = data.few_shot(
        test.labels, max(size, len(test.classes)), classes=test.classes, seed=seed_of(*name), what="test images"
    )
    return generator(*name, "order").permutation(rows)[:size]
