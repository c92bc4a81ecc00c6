"""Stage score: log-odds of all models of one run on all coalitions of the same players of the same images."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from whypretrain import data, interactions, models
from whypretrain.data import ImageSet
from whypretrain.errors import InputError
from whypretrain.files import read_json, sha256
from whypretrain.interactions import PlayerSet, ScoreArchive
from whypretrain.models import Classifier
from whypretrain.models.storage import fill, read_safetensors
from whypretrain.seeds import generator, seed_of
from whypretrain.stages._run import parser, run

DEFAULTS: dict[str, Any] = {
    "players": 10,
    "grid": 4,
    "margin": 0,
    "player_file": None,
    "samples": 20,
    "baseline": "mean",
    "background": "visible",
    "batch_size": 256,
    "dtype": "float32",
    "dynamics": ["finetune", "scratch"],
    "checkpoint_samples": 8,
    "reinitialised": True,
    "seed": 0,
}
GATE_SAMPLES = 8


@dataclass(frozen=True)
class Entry:
    """A network to score, and what the archive says about it: name, the key of its weights, and more."""

    about: dict[str, Any]
    network: Classifier


@dataclass(frozen=True)
class Game:
    """The inputs that all networks share, and rows that an earlier run of the same game left."""

    images: ImageSet
    players: list[PlayerSet]
    baseline: np.ndarray
    options: dict[str, Any]
    known: Mapping[str, np.ndarray]

    def scores(self, entries: Sequence[Entry], samples: int) -> np.ndarray:
        """Scores of the networks on the first `samples` images, (entries, samples, 2^n)."""
        rows = {key: row[:samples] for key, row in self.known.items() if len(row) >= samples}
        keys = [entry.about["key"] for entry in entries]
        missing = {key: entry.network for key, entry in zip(keys, entries, strict=True) if key not in rows}
        if missing:
            made = interactions.score_coalitions(missing, **self.inputs(samples), **self.options)
            rows |= dict(zip(missing, made, strict=True))
        return np.stack([rows[key] for key in keys])

    def inputs(self, samples: int) -> dict[str, Any]:
        """What `score_coalitions` is told about the first `samples` images."""
        pixels = self.images.images[:samples]
        hidden = np.broadcast_to(self.baseline, self.images.images.shape)[:samples]
        return {
            "images": models.as_input(pixels),
            "labels": self.images.labels[:samples],
            "players": self.players[:samples],
            "baseline": models.as_input(pixels).new_tensor(hidden),
            "ids": self.images.manifest["id"].tolist()[:samples],
        }


def stage(arguments: argparse.Namespace) -> None:
    """Score the models of `--models` and the checkpoints of the methods in `dynamics`; write the archive `--out`.

    Rows of an earlier archive at `--out` are kept where weights and inputs are the same.
    """
    config = DEFAULTS | arguments.config
    images = data.load(arguments.data)
    final = list(final_models(arguments.models, images.classes, config, arguments.seed))
    chosen, players = samples(images, config, arguments.target)
    baseline = interactions.baseline_values(config["baseline"], chosen.images, images.split("train").images)
    owner = np.stack([each.owner for each in players])
    options = {key: config[key] for key in ("background", "batch_size", "dtype")}
    game = Game(chosen, players, baseline, options, {})
    networks = {entry.about["name"]: entry.network for entry in final}
    options = options | {
        "dtype": interactions.safe_precision(networks, **game.inputs(GATE_SAMPLES), **options)
    }
    inputs = interactions.digest(options, chosen.images, chosen.labels, owner, baseline)
    game = replace(game, options=options, known=earlier_rows(arguments.out, inputs))
    scores = game.scores(final, len(chosen))
    checkpoints, checkpoint_scores = dynamics(game, final, arguments.models, config)
    about = {
        **{key: getattr(arguments, key) for key in ("target", "architecture", "seed")},
        "inputs": inputs,
        "samples": chosen.manifest["id"].tolist(),
        "labels": chosen.labels.tolist(),
        "classes": images.classes,
        "models": [entry.about for entry in final],
        "checkpoints": checkpoints,
        "config": config | options,
    }
    interactions.save_scores(ScoreArchive(scores, checkpoint_scores, owner, about), arguments.out)


def samples(images: ImageSet, config: dict[str, Any], target: str) -> tuple[ImageSet, list[PlayerSet]]:
    """Stratified test images and their players, the same for every architecture and training seed of a target."""
    test = images.split("test")
    drawn = interactions.load_players(config["player_file"]) if config["player_file"] else {}
    if drawn:
        test = test.take(np.flatnonzero(test.manifest["id"].isin(list(drawn)).to_numpy()))
    name = (config["seed"], "interactions", target)
    rows = data.few_shot(
        test.labels, config["samples"], classes=images.classes, seed=seed_of(*name), what="test images"
    )
    chosen = test.take(generator(*name, "order").permutation(rows))
    ids = chosen.manifest["id"]
    if drawn:
        return chosen, [drawn[each] for each in ids]
    size, seed = chosen.images.shape[2:], seed_of(*name)
    options = {"seed": seed, "margin": config["margin"]}
    return chosen, [
        interactions.grid_players(config["grid"], config["players"], size, image=each, **options)
        for each in ids
    ]


def final_models(
    folders: Mapping[str, Path], classes: list[str], config: dict[str, Any], seed: int
) -> Iterator[Entry]:
    """The trained models, and an untrained one of the same architecture as a control."""
    for name, folder in folders.items():
        network = models.load(folder)
        if network.classes != classes:
            raise InputError(
                f"{folder}: classes differ in name or order from the data set's; train it on this target"
            )
        yield Entry(
            {"name": name, "key": read_json(folder / "model.json")["sha256"], "control": False}, network
        )
    if config["reinitialised"]:
        fresh = models.build(
            network.architecture, classes, seed=seed_of(config["seed"], seed, "reinitialised")
        ).eval()
        key = f"{network.architecture.to_dict()} reinitialised {config['seed']} {seed}"
        yield Entry({"name": interactions.REINITIALISED, "key": key, "control": True}, fresh)


def dynamics(
    game: Game, final: Sequence[Entry], folders: Mapping[str, Path], config: dict[str, Any]
) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Checkpoints of the methods in `dynamics` and their scores, a method at a time to spare memory."""
    few = min(config["checkpoint_samples"], len(game.images))
    abouts: list[dict[str, Any]] = []
    rows = [np.empty((0, few, 1 << game.players[0].n), np.float32)]
    for entry in final:
        name = entry.about["name"]
        if name in config["dynamics"] and few:
            found = list(saved_checkpoints(name, folders[name] / "checkpoints.safetensors", entry.network))
            abouts += [each.about for each in found]
            rows.append(game.scores(found, few))
    return abouts, np.concatenate(rows)


def saved_checkpoints(name: str, path: Path, final: Classifier) -> Iterator[Entry]:
    """The checkpoints in a file with keys "<step>/<parameter>", in order of their steps."""
    weights = read_safetensors(path)
    key = sha256(path)
    for step in sorted({int(entry.partition("/")[0]) for entry in weights}):
        state = {
            entry.partition("/")[2]: value for entry, value in weights.items() if entry.startswith(f"{step}/")
        }
        network = copy.deepcopy(final)
        fill(network, state, path)
        yield Entry({"name": name, "step": step, "key": f"{key}/{step}"}, network)


def earlier_rows(path: Path, inputs: str) -> Mapping[str, np.ndarray]:
    """Score rows of an archive of the same game, by the key of their weights."""
    if not path.is_file():
        return {}
    earlier = interactions.load_scores(path)
    return earlier.known() if earlier.about["inputs"] == inputs else {}


def named_folder(text: str) -> tuple[str, Path]:
    """NAME=FOLDER."""
    name, _, folder = text.partition("=")
    if not name or not folder:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FOLDER")
    return name, Path(folder)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument(
        "--data", required=True, type=Path, help="data set folder, e.g. results/default/data/digits"
    )
    found.add_argument("--target", required=True, help="the data set's name")
    found.add_argument("--architecture", required=True, help="the architecture's name in the config")
    found.add_argument("--seed", required=True, type=int, help="training seed of the models")
    found.add_argument(
        "--models", required=True, type=named_folder, nargs="+", help="NAME=FOLDER of each model"
    )
    found.add_argument("--out", required=True, type=Path, help="archive to write, .npz")
    arguments = found.parse_args(argv)
    arguments.models = dict(arguments.models)
    run(stage, arguments)


if __name__ == "__main__":
    main()
