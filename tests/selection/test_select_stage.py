"""The stage `select`: its table, its diagnostics, its errors, and that it starts without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.selection import RULES

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    for name, classes in (("source", 12), ("target", 4)):
        np.savez(tmp_path / f"{name}.npz", class_means=draw.random((classes, 6)), class_counts=np.ones(classes))
    about = {"classes": [f"class {i}" for i in range(12)], "concepts": ["a", "b", "c"] * 4}
    (tmp_path / "data.json").write_text(json.dumps(about))
    return tmp_path


def arguments(folder: Path, config: dict[str, object], out: str = "out/digits.csv") -> list[str]:
    return [
        *("--config", json.dumps(config)),
        *("--features", str(folder / "source.npz")),
        *("--target-features", str(folder / "target.npz")),
        *("--source-data", str(folder)),
        *("--target", "digits", "--architecture", "vit", "--seed", "0"),
        *("--out", str(folder / out)),
    ]


def test_table_and_diagnostics(folder, run_stage):
    assert run_stage("select", *arguments(folder, {"classes": 5, "rules": list(RULES)})).returncode == 0
    table = pd.read_csv(folder / "out" / "digits.csv")
    assert list(table) == [
        *("target", "architecture", "seed", "rule", "rank"),
        *("class_index", "class_name", "concept", "score", "selected"),
    ]
    assert len(table) == len(RULES) * 12
    chosen = table.groupby("rule").selected.sum()
    assert chosen.drop("all").eq(5).all()
    assert chosen["all"] == 12
    assert (table.class_name == "class " + table.class_index.astype(str)).all()
    for _, group in table.groupby("rule"):
        assert sorted(group.class_index) == list(range(12))
        assert group.score.is_monotonic_decreasing
    about = json.loads((folder / "out" / "digits.json").read_text())
    assert about["rules"]["uot"]["certificate"]["gap"] < 1e-9
    assert about["rules"]["uot"]["selected"] == table.query("rule == 'uot' and selected").class_index.tolist()
    assert about["rules"]["nearest"]["effective_classes"] is None


def test_both_rankings_of_a_rule(folder, run_stage):
    """Centred ones have names of their own, and are those that `centre: true` gives under the rule's name."""
    rules = ["nearest", "random"]
    for centre in (False, True, "both"):
        config = {"classes": 5, "rules": rules, "centre": centre}
        assert run_stage("select", *arguments(folder, config, f"{centre}.csv")).returncode == 0
    raw, centred, both = (pd.read_csv(folder / f"{centre}.csv") for centre in (False, True, "both"))
    named = centred[centred["rule"] == "nearest"].assign(rule="nearest_centred")
    pd.testing.assert_frame_equal(both, pd.concat([raw, named], ignore_index=True))
    assert set(json.loads((folder / "both.json").read_text())["rules"]) == {*rules, "nearest_centred"}


def test_clusters_stand_in_for_classes(folder, run_stage):
    """Two tight bundles a concept: as many clusters as bundles find them, and carry their concepts."""
    draw = np.random.default_rng(1)
    labels = np.repeat(np.arange(12), 10)
    features = np.eye(12)[labels] + 0.01 * draw.random((120, 12))
    is_train = np.arange(120) % 10 < 8
    np.savez(folder / "source.npz", features=features, labels=labels, is_train=is_train)
    np.savez(folder / "target.npz", class_means=np.eye(12)[[4, 5]])
    made = [*("--features", str(folder / "source.npz")), *("--out", str(folder / "clusters.npz"))]
    assert run_stage("cluster", "--config", '{"number": 12, "seed": 0}', *made).returncode == 0
    with np.load(folder / "clusters.npz") as found:
        clusters, means = found["labels"], found["class_means"]
    assert (clusters[~is_train] == -1).all()
    assert len(set(zip(labels[is_train], clusters[is_train], strict=True))) == 12
    np.testing.assert_allclose(means[clusters[0]], features[:8].mean(0))
    config = {"classes": 2, "rules": ["uot", "nearest"]}
    ranked = [*arguments(folder, config), "--clusters", str(folder / "clusters.npz")]
    assert run_stage("select", *ranked).returncode == 0
    chosen = pd.read_csv(folder / "out" / "digits.csv").query("selected")
    for _, group in chosen.groupby("rule"):
        assert set(group.class_index) == {clusters[40], clusters[50]}
        assert set(group.concept) == {"b", "c"}  # those of classes 4 and 5
        assert (group.class_name == "cluster " + group.class_index.astype(str)).all()


def test_automatic_temperature_leaves_rules_without_one_alone(folder, run_stage):
    assert (
        run_stage(
            "select", *arguments(folder, {"classes": 3, "temperature": "auto", "rules": ["uot", "nearest"]})
        ).returncode
        == 0
    )
    rules = json.loads((folder / "out" / "digits.json").read_text())["rules"]
    assert rules["uot"]["effective_classes"] == pytest.approx(6, rel=0.03)
    assert rules["nearest"]["temperature"] == 0.1


def test_same_bytes_twice(folder, run_stage):
    for out in ("a.csv", "b.csv"):
        assert run_stage("select", *arguments(folder, {"classes": 5}, out)).returncode == 0
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"clases": 5}, "unknown key 'clases' in --config; did you mean 'classes'?"),
        ({"classes": 13}, "k is 13 but there are 12 source classes"),
        ({"classes": 5, "rules": ["best"]}, "'best' is no selection rule"),
    ],
)
def test_wrong_config_is_named(folder, run_stage, config, message):
    found = run_stage("select", *arguments(folder, config))
    assert found.returncode == 2
    assert message in found.stderr


def test_starts_without_torch(folder):
    code = (
        "import sys; from whypretrain.stages import select; select.main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, *arguments(folder, {"classes": 5})]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
