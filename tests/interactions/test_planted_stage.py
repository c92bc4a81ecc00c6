"""Where a planted effect is, and what became of it: scores made of known effects, against the table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain import data
from whypretrain.interactions import grid_players, zeta
from whypretrain.interactions.archive import ScoreArchive, save_scores
from whypretrain.runtime.files import read_table
from whypretrain.stages import planted

PAIRS = {"source": [0, 5], "kept": [5, 0], "removed": [2, 6]}
PLANTED, OTHER = 1 | 1 << 5, 1 << 2 | 1 << 6
#: Strengths of the two pairs, and of a single player, in each model.
MODELS = {
    "probe": {PLANTED: 3.0, OTHER: 1.0, 2: 2.0},
    "finetune": {PLANTED: 2.9, OTHER: 1.0, 2: 2.0},
    "turned": {PLANTED: -3.0, OTHER: 1.0, 2: 1.0},
    "weak": {PLANTED: 1.0, OTHER: 1.0, 2: 3.0},
    "other": {OTHER: 3.0},
    "silent": {PLANTED: 1.0, OTHER: -1.0},
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data sets of three pairs, and scores of their first test images on each target."""
    root = tmp_path_factory.mktemp("planted")
    for name, pair in PAIRS.items():
        spec = {"kind": "planted", "pair": pair, "train_per_class": 2, "test_per_class": 20}
        data.save(data.build(name, spec, size=12, channels=1, seed=0), root / name)
    for name in ("kept", "removed"):
        samples = data.load(root / name).split("test").manifest["id"].tolist()
        effects = np.zeros((len(MODELS), len(samples), 1 << 9))
        for row, strengths in enumerate(MODELS.values()):
            for coalition, strength in strengths.items():
                effects[row, :, coalition] = strength
        about = {"target": name, "architecture": "vit", "seed": 0, "samples": samples, "labels": [1] * len(samples)}
        models = [{"name": model, "key": model, "control": False} for model in MODELS]
        owner = np.stack([grid_players(3, 9, 12).owner] * len(samples))
        scores = zeta(effects).astype(np.float32)
        archive = ScoreArchive(scores, np.zeros((0, 0, 1 << 9)), owner, {**about, "models": models, "checkpoints": []})
        save_scores(archive, root / f"{name}.npz")
    return root


def table(root: Path) -> pd.DataFrame:
    targets, scores = ([str(root / f"{name}{end}") for name in ("kept", "removed")] for end in ("", ".npz"))
    arguments = [
        "--config",
        json.dumps({"reference": "probe"}),
        "--source",
        str(root / "source"),
        "--targets",
        *targets,
    ]
    planted.main([*arguments, "--scores", *scores, "--out", str(root / "planted.csv")])
    return read_table(root / "planted.csv")


def test_the_planted_effect_is_looked_for_at_its_place(root: Path) -> None:
    found = table(root)
    assert set(found["coalition"]) == {PLANTED}
    assert set(found["order"]) == {2}
    assert found.groupby("target")["fate"].unique().map(list).to_dict() == {"kept": ["kept"], "removed": ["removed"]}
    assert (found["pretrained_first"] == 1).all()
    kept = data.load(root / "kept").split("test")
    assert set(found[found["target"] == "kept"]["sample"].astype(int)) == set(
        kept.manifest["id"][kept.labels == 1].astype(int)
    )


def test_what_became_of_it_is_told_model_by_model(root: Path) -> None:
    found = table(root).groupby("model")[["preserved_first", "discarded"]].mean()
    assert found.loc["finetune"].tolist() == [1, 0]
    assert found.loc["turned"].tolist() == [0, 1]
    assert found.loc["weak"].tolist() == [0, 1]
    assert found.loc["other"].tolist() == [0, 1]
    assert found.loc["silent"].isna().all()  # v(N) = v(empty)


def test_data_without_a_pair_are_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = data.build("digits", {"kind": "digits", "train_size": 20, "test_size": 20}, size=12, channels=1, seed=0)
    data.save(images, root / "digits")
    arguments = ["--config", json.dumps({"reference": "probe"}), "--source", str(root / "digits")]
    with pytest.raises(SystemExit):
        planted.main(
            [*arguments, "--targets", str(root / "kept"), "--scores", str(root / "kept.npz"), "--out", "x.csv"]
        )
    assert "--source: data.json names no planted pair; give data of kind planted" in capsys.readouterr().err
