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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    for name, classes in (("source", 12), ("target", 4)):
        np.savez(
            tmp_path / f"{name}.npz", class_means=draw.random((classes, 6)), class_counts=np.ones(classes)
        )
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
        ({"clases": 5}, "unknown key clases"),
        ({"classes": 13}, "k is 13 but there are 12 source classes"),
        ({"classes": 5, "rules": ["best"]}, "rule is 'best'"),
    ],
)
def test_wrong_config_is_named(folder, run_stage, config, message):
    found = run_stage("select", *arguments(folder, config))
    assert found.returncode == 2
    assert message in found.stderr


def test_starts_without_torch(folder):
    code = (
        "import sys; from whypretrain.stages import select; select.main(sys.argv[1:]); "
        "sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, *arguments(folder, {"classes": 5})]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
