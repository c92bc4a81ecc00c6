"""A results folder with small image sets, a pre-trained network and models of every kind, made by the stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain import data
from whypretrain.runtime import files
from whypretrain.stages import features, pretrain, probe, train

ARCHITECTURE = {
    "name": "vit_tiny_patch16_224",
    "options": {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2},
}
RECIPE = {"steps": 20, "batch_size": 8, "learning_rate": 0.01}
RECIPES = {
    "finetune": {**RECIPE, "checkpoints": 3},
    "scratch": {**RECIPE, "start": "random", "steps": 30},
    "joint_uot": {**RECIPE, "source": "uot"},
    "joint_all": {**RECIPE, "source": "all"},
}


class Results:
    """The folder, and the stages as the workflow calls them on it."""

    def __init__(self, folder: Path, target: data.ImageSet, source: data.ImageSet) -> None:
        self.folder, self.target, self.source = folder, target, source
        data.save(target, folder / "data/bars")
        data.save(source, folder / "data/glyphs")
        self.pretrain()
        rows = [("uot", 1, 3, True), ("uot", 2, 1, True), ("uot", 3, 2, False), ("random", 1, 0, True)]
        table = pd.DataFrame(rows, columns=["rule", "rank", "class_index", "selected"])
        files.write_table(folder / "select/vit/0/bars.csv", table)
        self.train(RECIPES)

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    def pretrain(self, out: str = "pretrain/vit/0", **change: Any) -> Path:
        image = {"size": 8, "channels": 1}
        config = {"architecture": ARCHITECTURE, "image": image, "recipe": RECIPE, "seed": 0, **change}
        arguments = ["--data", self / "data/glyphs", "--seed", 0, "--out", self / out]
        pretrain.main(["--config", json.dumps(config), *map(str, arguments)])
        return self / out

    def train(self, recipes: dict[str, Any], folder: str = "train/bars/vit", *options: Any, **more: Any) -> None:
        """Train every method of `recipes`, or those of `methods`; a later option counts."""
        arguments = [
            *("--target", self / "data/bars", "--pretrained", self / "pretrain/vit/0", "--seed", 0),
            *("--source", self / "data/glyphs", "--selection", self / "select/vit/0/bars.csv"),
            *options,
            "--out",
            *[f"{method}={self / folder / method / '0'}" for method in more.get("methods", recipes)],
        ]
        train.main(["--config", json.dumps({"recipes": recipes, "seed": 0}), *map(str, arguments)])

    def probe(self, mode: dict[str, Any], method: str = "probe") -> Path:
        pretrained, target, out = self / "pretrain/vit/0", self / "data/bars", self / "features/vit/0"
        features.main(["--model", str(pretrained), "--data", str(target), "--out", str(out)])
        arguments = [
            *("--features", out / "bars.npz", "--pretrained", pretrained, "--data", target),
            *("--target", "bars", "--architecture", "vit", "--method", method, "--seed", 0),
            *("--out", self / "train/bars/vit" / method / "0"),
        ]
        config = {"method": {"start": "frozen", **mode}, "seed": 0}
        probe.main(["--config", json.dumps(config), *map(str, arguments)])
        return self / "train/bars/vit" / method / "0"


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of a folder's files, by name."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
