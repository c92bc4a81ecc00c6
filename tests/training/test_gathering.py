"""Runs gathered into the tables of an experiment."""

import json

import numpy as np
import pytest

from whypretrain.runtime import files
from whypretrain.stages import runs

pytestmark = pytest.mark.usefixtures("stages_share_a_process")


def test_runs_are_gathered_in_the_order_given(root, tmp_path):
    metrics = [str(root / f"train/bars/vit/{method}/0/metrics.json") for method in ("scratch", "finetune")]
    metrics.append(str(root.probe({"mode": "strong"}) / "metrics.json"))
    files.write_json(
        tmp_path / "trained.json", {"source": "glyphs", "architecture": "vit", "seed": 1, "accuracy": 0.75}
    )
    files.write_json(tmp_path / "imported.json", {"source": "glyphs", "architecture": "vit", "seed": 0})
    pretrained = [str(tmp_path / name) for name in ("trained.json", "imported.json")]
    config = ["--config", json.dumps({"baseline": "finetune"})]
    runs.main([*config, "--metrics", *metrics, "--pretrained", *pretrained, "--out", str(tmp_path)])
    before = files.read_table(tmp_path / "pretraining.csv")
    assert before[["seed", "accuracy"]].fillna(-1).values.tolist() == [[1, 0.75], [0, -1]]
    table = files.read_table(tmp_path / "runs.csv")
    assert table["method"].tolist() == ["scratch", "finetune", "probe"]
    assert table["steps"].tolist() == [30, 20, 0]
    assert "seconds" not in table
    assert table["n_train"].tolist() == [40, 40, 40]
    assert table["source"].isna().all()
    sizes = files.read_table(tmp_path / "target_sizes.csv")
    accuracy = table.set_index("method")["accuracy"]
    assert sizes["gain"].tolist() == pytest.approx(
        [accuracy[name] - accuracy["finetune"] for name in ("scratch", "probe")]
    )
    history = files.read_table(tmp_path / "history.csv")
    assert history.groupby("method").size().to_dict() == {"finetune": 20, "scratch": 30}
    own = files.read_table(root / "train/bars/vit/scratch/0/history.csv")
    np.testing.assert_array_equal(history[history["method"] == "scratch"]["loss"], own["loss"])


def test_variants_stand_under_the_name_of_their_target(tmp_path):
    rows = [
        ("few", 10, "finetune", 0.5),
        ("few", 10, "joint", 0.7),
        ("all", 90, "finetune", 0.8),
        ("all", 90, "joint", 0.9),
    ]
    for target, size, method, accuracy in rows:
        about = {"target": target, "architecture": "vit", "method": method, "seed": 3}
        files.write_json(tmp_path / target / method / "metrics.json", {**about, "accuracy": accuracy, "n_train": size})
    metrics = map(str, sorted(tmp_path.glob("*/*/metrics.json")))
    config = json.dumps({"variants": {"few": "all"}, "baseline": "finetune"})
    runs.main(["--config", config, "--metrics", *metrics, "--out", str(tmp_path)])
    sizes = files.read_table(tmp_path / "target_sizes.csv").set_index("variant")
    assert sizes["target"].to_dict() == {"all": "all", "few": "all"}
    assert sizes["train_size"].to_dict() == {"all": 90, "few": 10}
    assert sizes["gain"].to_dict() == pytest.approx({"all": 0.1, "few": 0.2})
