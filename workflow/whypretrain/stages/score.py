"""Stage score: log-odds of all models of one run on coalitions of the same players of the same images.

With `--shard 2-of-3` it scores a third of the images, and takes known rows from the archive `--earlier` in place of
`--out`; with these files as `--shards`, in order, it gathers what it would otherwise score.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain import data, interactions, models
from whypretrain.config.interactions import Scoring
from whypretrain.config.parts import REINITIALISED
from whypretrain.config.section import Seeded, Share
from whypretrain.errors import InputError
from whypretrain.interactions import Game, Network, ScoreArchive
from whypretrain.runtime.places import CHECKPOINTS
from whypretrain.runtime.seeds import seed_of
from whypretrain.runtime.shards import WHOLE, Shard
from whypretrain.stages._run import add_folders, parser, run


class Config(Scoring, Seeded):
    """What `--config` holds."""

    threshold: Share = 0.05
    """salience, which reduced precision must leave alone"""


def stage(arguments: argparse.Namespace) -> None:
    """Score the models of `--models` and the checkpoints of the methods in `dynamics`; write the archive `--out`.

    Rows of an earlier archive at `--out` are kept where weights and inputs are the same.
    """
    made = interactions.gathered(arguments.shards) if arguments.shards else scored(arguments)
    interactions.save_scores(made, arguments.out)


def scored(arguments: argparse.Namespace) -> ScoreArchive:
    """The archive of all images, or of the shard's."""
    config = arguments.config.plain()
    images = data.load(arguments.data)
    networks = interactions.trained_networks(arguments.models, images.classes)
    networks[0].model.architecture.require(images)
    networks += _controls(arguments, networks[0])
    config["batch_size"] = config["batch_size"] or models.forward_batch(networks[0].model)
    shard = Shard.parse(arguments.shard) if arguments.shard else WHOLE
    game = interactions.draw_game(images, config, arguments.target, shard)
    game = game.gated(networks, config["threshold"]).remembering(arguments.earlier or arguments.out)
    checkpoints, checkpoint_scores = dynamics(game, networks, arguments.models, config)
    about = {
        **{key: getattr(arguments, key) for key in ("target", "architecture", "seed")},
        "inputs": game.key,
        "samples": game.images.manifest["id"].tolist(),
        "labels": game.images.labels.tolist(),
        "classes": images.classes,
        "models": [network.about for network in networks],
        "checkpoints": checkpoints,
        "config": config | game.options,
    }
    owner = game.owner[game.rows(len(game.images))]
    return ScoreArchive(game.scores(networks), checkpoint_scores, owner, about, game.coalitions)


def _controls(arguments: argparse.Namespace, like: Network) -> list[Network]:
    """The controls that the config asks for: untrained weights are drawn here, trained ones have a folder."""
    config, classes = arguments.config, like.model.classes
    if missing := set(config.controls) - {REINITIALISED, *arguments.controls}:
        raise InputError(f"--controls: no folder for {min(missing)!r}; give one, or leave it out of the key controls")
    found = interactions.trained_networks(
        {name: arguments.controls[name] for name in config.controls if name != REINITIALISED}, classes, control=True
    )
    if REINITIALISED in config.controls:
        seed = seed_of(config.seed, arguments.seed, REINITIALISED)
        found.insert(0, interactions.untrained_network(like.model, seed))
    return found


def dynamics(
    game: Game, final: Sequence[Network], folders: Mapping[str, Path], config: dict[str, Any]
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Checkpoints of the methods in `dynamics` and their scores, a method at a time to spare memory."""
    few = config["checkpoint_samples"]
    abouts: list[dict[str, Any]] = []
    rows = [game.scores([], few)]
    for network in final:
        if network.name in config["dynamics"] and few:
            path = folders[network.name] / CHECKPOINTS
            found = list(interactions.checkpoints(network, path))
            abouts += [each.about for each in found]
            rows.append(game.scores(found, few))
    return abouts, np.concatenate(rows)


def _followed(arguments: argparse.Namespace) -> list[Path]:
    """Checkpoints that are scored, too."""
    if arguments.shards or not arguments.config.checkpoint_samples:
        return []
    return [folder / CHECKPOINTS for name, folder in arguments.models.items() if name in arguments.config.dynamics]


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    found.add_argument("--data", required=True, type=Path, help="data set folder, e.g. results/default/data/digits")
    found.add_argument("--target", required=True, help="the data set's name")
    found.add_argument("--architecture", required=True, help="the architecture's name in the config")
    found.add_argument("--seed", required=True, type=int, help="training seed of the models")
    add_folders(found, "--models", "NAME=FOLDER of each model")
    add_folders(found, "--controls", "NAME=FOLDER of each control that was trained", required=False)
    found.add_argument("--shard", help="NUMBER-of-SHARDS: the part of the images that is scored")
    found.add_argument("--earlier", type=Path, help="archive whose known rows are kept, default that of --out")
    found.add_argument("--shards", type=Path, nargs="+", help="archives of all shards, gathered in place of scoring")
    found.add_argument("--out", required=True, type=Path, help="archive to write, .npz")
    run(stage, found.parse_args(argv), _followed)


if __name__ == "__main__":
    main()
