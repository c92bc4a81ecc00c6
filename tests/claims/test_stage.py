"""The claims stage as the workflow calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from whypretrain.stages import claims as stage

CLAIMS = Path(__file__).parents[2] / "workflow/whypretrain/resources/claims.yaml"
CONFIG = json.dumps({"confidence": 0.95, "resamples": 100, "seed": 0})


@pytest.fixture
def command(tmp_path: Path, accuracies: Callable[..., pd.DataFrame]) -> list[str]:
    """Arguments with runs.csv in two files."""
    parts = []
    for seeds in ((0, 1), (2,)):
        parts.append(str(tmp_path / f"runs{seeds[0]}.csv"))
        means = {"finetune": 0.9, "scratch": 0.7, "joint_uot": 0.92, "joint_random": 0.91}
        accuracies(means, seeds=seeds).to_csv(parts[-1], index=False)
    return ["--config", CONFIG, "--claims", str(CLAIMS), "--input", "runs", *parts]


def test_one_row_a_claim_and_the_same_bytes_again(tmp_path: Path, command: list[str]) -> None:
    for folder in ("once", "again"):
        stage.main([*command, "--out", str(tmp_path / folder / "claims.csv")])
    overall = pd.read_csv(tmp_path / "once/claims.csv").set_index("id")
    assert overall.index.is_unique
    assert len(overall) >= 20
    assert overall.loc["int-finetune-beats-scratch", "verdict"] == "holds here"
    assert overall.loc["int-finetune-beats-scratch", "n_seeds"] == 3
    assert overall.loc["inv-positive-flow", "verdict"] == "not run"
    settings = pd.read_csv(tmp_path / "once/claims_by_setting.csv").query("id == 'int-finetune-beats-scratch'")
    assert set(settings["architecture"]) <= {"vit", "resnet"}
    for name in ("claims.csv", "claims_by_setting.csv"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_missing_table_is_one_line_and_writes_nothing(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        stage.main([*command, "--input", "layers", str(tmp_path / "no.csv"), "--out", str(tmp_path / "claims.csv")])
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "claims.csv").exists()


def test_input_needs_files(tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stage.main([*command, "--input", "layers", "--out", str(tmp_path / "claims.csv")])
    assert "at least one file" in capsys.readouterr().err


def test_headline_needs_all_models(tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stage.main([*command, "--out", str(tmp_path / "claims.csv"), "--headline", str(tmp_path / "h.json")])
    assert "--input across FILE" in capsys.readouterr().err
