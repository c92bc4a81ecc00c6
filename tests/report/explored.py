"""A small experiment with what the explorer is made from: random games on noise images, or on sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.config import check, files
from whypretrain.data import assemble, image_set, text_set
from whypretrain.data.words import word_spans
from whypretrain.interactions import ScoreArchive, effects_of, save_scores, strongest_table
from whypretrain.report import Files
from whypretrain.runtime.files import write_table

CONFIG: dict[str, Any] = check(files.read("config/default.yaml"))
CLASSES = ["cat", "<dog>"]
MODELS = ("probe", "finetune", "scratch", "reinitialised")
SAMPLES = 14
SENTENCES = ["It is not a good film.", "A dull, dull story & <b>no</b> end", "Never was a better one made."]


def archive(cell: tuple[str, str], ids: list[str], owner: np.ndarray, players: int = 4) -> ScoreArchive:
    """Scores of four models on all coalitions of `players` players."""
    architecture, target = cell
    random = np.random.default_rng(len(architecture))
    scores = random.normal(size=(len(MODELS), len(ids), 1 << players)).astype(np.float32)
    about = {
        **{"target": target, "architecture": architecture, "seed": 0, "inputs": "digest", "checkpoints": []},
        **{"samples": ids, "labels": [int(each) % 2 for each in ids], "classes": CLASSES},
        "models": [{"name": name, "key": name, "control": name == "reinitialised"} for name in MODELS],
    }
    return ScoreArchive(scores, np.zeros((0, 0, 1 << players), np.float32), owner, about)


def images(folder: Path, architectures: tuple[str, ...] = ("vit", "resnet"), channels: int = 1) -> Files:
    """Noise images of 16 pixels a side, whose four players are the central quarters of a grid of 4 cells a side."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (20, channels, 16, 16)).astype(np.uint8)
    labels, test = np.arange(20) % 2, np.arange(20) >= 20 - SAMPLES
    noise = assemble(pixels, labels, test=test, classes=CLASSES, concepts=CLASSES, origins=[""] * 20)
    image_set.save(noise, folder / "data/noise")
    cells = np.full((4, 4), -1)
    cells[1:3, 1:3] = [[0, 1], [2, 3]]
    owner = np.broadcast_to(np.kron(cells, np.ones((4, 4), int)), (SAMPLES, 16, 16)).astype(np.int16)
    ids = noise.split("test").manifest["id"].tolist()[::-1]
    found = _scored(folder, [archive((name, "noise"), ids, owner) for name in architectures])
    pictures = []
    for name in architectures:
        pictures.append(folder / f"invariances/noise/{name}/0/pictures.npz")
        pictures[-1].parent.mkdir(parents=True)
        layers = random.integers(0, 256, (2, 3, 5, channels, 16, 16)).astype(np.uint8)  # two models, three layers
        shown = {"images": pixels[-5:], "noise": pixels[:5], "pretrained": layers[0], "finetune": layers[1]}
        np.savez(pictures[-1], **shown, scratch=layers[1])
    return Files(**found, samples=[folder / "data/noise"] * len(architectures), inversions=pictures)


def sentences(folder: Path) -> Files:
    """Sentences with one token a word between two special ones; the players are the words 2 to 5."""
    made = text_set.text_set(
        SENTENCES, np.array([0, 1, 0]), test=np.ones(3, bool), classes=CLASSES, origins=["a", "b", "c"]
    )
    words = [[-1, *range(len(word_spans(text))), -1] for text in SENTENCES]
    encoder = {"pad": 0, "mask": 1, "special": [0, 1]}
    text_set.save(made, folder / "raw")
    read = text_set.load(folder / "raw")
    text_set.save_tokens(read, [[1] * len(each) for each in words], words, folder / "tokens/vit/film", encoder)
    owner = np.full((3, max(map(len, words))), -1, np.int16)
    owner[:, 3:7] = range(4)
    found = _scored(folder, [archive(("vit", "film"), read.manifest["id"].tolist(), owner)])
    return Files(**found, samples=[folder / "tokens/vit/film"])


def _scored(folder: Path, archives: list[ScoreArchive]) -> dict[str, Any]:
    paths = [folder / f"interactions/{each.run['target']}/{each.run['architecture']}/0.npz" for each in archives]
    for path, each in zip(paths, archives, strict=True):
        save_scores(each, path)
    strongest = pd.concat([strongest_table(effects_of(each), reference="probe") for each in archives])
    write_table(folder / "interactions/strongest.csv", strongest)
    return {"strongest": folder / "interactions/strongest.csv", "scores": paths}
