"""Synthetic tables of joint fine-tuning and of the selection study."""

from __future__ import annotations

import numpy as np
import pandas as pd

from whypretrain.selection.rules import Settings as Rules
from whypretrain.selection.study import Grid, Pair, study

REFERENCE = ("uot", "labels", 20, 0.3, 1.0)
NONE = (None, None, None, None, None)
METHODS = {  # recipe, accuracy
    "finetune": (NONE, 0.90),
    "finetune_long": (NONE, 0.91),
    "joint_uot": (REFERENCE, 0.93),
    "joint_random": (("random", "labels", 20, 0.3, 1.0), 0.92),
    "joint_all": (("all", "labels", 60, 0.3, 1.0), 0.915),
    "joint_clusters": (("uot", "consistency", 50, 0.3, 1.0), 0.905),
    "few": (("uot", "labels", 5, 0.3, 1.0), 0.94),
    "heavy": (("uot", "labels", 20, 3.0, 1.0), 0.89),
    "heavy_random": (("random", "labels", 20, 3.0, 1.0), 0.88),
    "twice": (("uot", "labels", 20, 0.3, 2.0), 0.935),
    "distinct": (REFERENCE, 0.92),
    "tuned": (("uot", "labels", 20, 3.0, 1.0), 0.95),
}


def joint_runs():
    rows = [
        (
            target,
            "resnet",
            method,
            seed,
            accuracy + 0.01 * seed - 0.1 * (target == "letters"),
            *recipe,
            method == "distinct" if recipe[0] else None,
            6 if method == "tuned" else None,
            90,
            7,
        )
        for target in ("digits", "letters")
        for seed in (0, 1, 2)
        for method, (recipe, accuracy) in METHODS.items()
    ]
    columns = ["target", "architecture", "method", "seed", "accuracy"]
    source = ["source", "source_loss", "source_classes", "source_weight", "source_ratio", "drop_duplicates"]
    source += ["trials", "source_images", "duplicates"]
    return pd.DataFrame(rows, columns=[*columns, *source])


def joint_tables():
    sizes = pd.DataFrame(
        [
            ("digits", "resnet", "joint_uot", seed, f"part_{size}", size, (0.1 + seed / 100) / size)
            for seed in (0, 1)
            for size in (10, 100)
        ],
        columns=["target", "architecture", "method", "seed", "variant", "train_size", "gain"],
    )
    keys = ["target", "architecture", "method", "seed", "trial", "fold", "source_weight", "held_out"]
    trials = pd.DataFrame(
        [
            (
                "digits",
                "resnet",
                "tuned",
                seed,
                trial,
                fold,
                weight,
                10,
                0.9 + 0.01 * trial + 0.02 * fold,
                trial == best,
            )
            for seed, best in ((0, 0), (1, 1), (2, 1))
            for trial, weight in enumerate((0.1, 3.0))
            for fold in (0, 1)
        ],
        columns=[*keys, "accuracy", "chosen"],
    )
    published = pd.DataFrame({"quantity": ["average_accuracy_gain"], "value": [2.93]})
    return {"runs": joint_runs(), "target_sizes": sizes, "tuning": trials, "published_uot": published}


def study_tables(targets=("CUB", "DTD"), concepts=("bird", "device", "others")):
    draw = np.random.default_rng(0)
    pairs = [
        Pair(name, target, draw.random((30, 5)), draw.random((6, 5)), np.ones(30, dtype=int))
        for name in ("one", "other")
        for target in targets
    ]
    classes = pd.DataFrame({"class_id": [f"n{i}" for i in range(30)], "class_name": [f"{i}" for i in range(30)]})
    classes["concept"] = np.resize(concepts, 30)
    grid = Grid(classes=(2, 5), temperature=(0.1, 1.0), tau_source=(1.0,), tau_target=(1.0,))
    found = study(pairs, classes, ["uot", "nearest", "random"], Rules(0.1, 1.0, 100.0, 5, 0), grid)
    return {f"study_{name}": table for name, table in found.items()}
