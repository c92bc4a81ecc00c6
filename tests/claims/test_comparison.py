"""Comparing two runs, as a function and as the command of the package."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from whypretrain import cli
from whypretrain.claims import Change, compare, write_verdicts
from whypretrain.claims.tables import COLUMNS
from whypretrain.runtime.files import write_json

ROOT = Path(__file__).parents[2]
INTERVAL = {"estimate": 0.9, "low": 0.88, "high": 0.92}


def results(folder: Path, verdicts: dict[str, str], intervals: dict[str, Any]) -> Path:
    """A results folder with claims `id` or `id,architecture,target` and accuracies of methods."""
    folder.mkdir()
    rows = [
        [*(claim if "," in claim else f"{claim},all,all").split(","), verdict] for claim, verdict in verdicts.items()
    ]
    table = pd.DataFrame(rows, columns=["id", "architecture", "target", "verdict"]).reindex(columns=COLUMNS)
    write_verdicts(folder / "claims.csv", table)
    write_json(folder / "headline.json", {"accuracy": intervals, "verdicts": {"p": {"holds here": len(rows)}}})
    return folder


@pytest.fixture
def a(tmp_path: Path) -> Path:
    verdicts = {"x": "holds here", "y": "undecided", "y,vit,digits": "holds here"}
    return results(tmp_path / "a", verdicts, {"finetune": INTERVAL, "probe": {"estimate": 0.8}})


def test_results_of_version_0_1_0_are_read(a: Path, tmp_path: Path) -> None:
    """Its tables had these columns, and parts were the names of methods."""
    columns = (
        "id,paper,claim,where,architecture,target,statistic,estimate,low,high,expected,p_adjusted,published,"
        "control,control_estimate,n_seeds,n_runs,n_samples,verdict,figure,note"
    )
    old = results(tmp_path / "old", {}, {"finetune": INTERVAL, "probe": {"estimate": 0.8}})
    values = {"id": "inv-robustness-sgd", "architecture": "all", "target": "all", "verdict": "supported"}
    values |= {"statistic": "minimum(pearson_r) in robustness where model in sgd/sgd_low/sgd_plain"}
    rows = ["x", "y"], ["supported", "inconclusive"]
    old_rows = [{**values, "id": name, "verdict": verdict} for name, verdict in zip(*rows, strict=True)]
    pd.DataFrame(old_rows, columns=columns.split(",")).to_csv(old / "claims.csv", index=False)
    assert [change.what for change in compare(old, a).verdicts] == ["y (vit, digits)"]
    assert not compare(old, a).numbers


def test_a_run_is_the_same_as_itself(a: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(a, a).same
    assert cli.main(["compare", str(a), str(a)]) == 0
    assert capsys.readouterr().out == "Verdicts changed: none\nNumbers moved: none\n"


def test_changed_verdicts_and_claims_of_one_run_only(a: Path, tmp_path: Path) -> None:
    other = {"x": "fails here", "y": "undecided", "y,vit,digits": "undecided", "z": "holds here"}
    b = results(tmp_path / "b", other, {"finetune": INTERVAL, "probe": {"estimate": 0.8}})
    found = compare(a, b)
    assert found.verdicts == [
        Change("x", "holds here", "fails here"),
        Change("y (vit, digits)", "holds here", "undecided"),
        Change("z", "absent", "holds here"),
    ]
    assert found.numbers == []
    assert cli.main(["compare", str(a), str(b)]) == 1


@pytest.mark.parametrize(
    ("interval", "moved"),
    [
        ({"estimate": 0.915, "low": 0.91, "high": 0.92}, False),  # lies in the other's interval
        ({"estimate": 0.95, "low": 0.85, "high": 1.0}, False),  # so wide that the other lies in its own
        ({"estimate": 0.95, "low": 0.91, "high": 0.99}, True),
        ({"estimate": 0.91}, False),
        ({"estimate": 0.93}, True),
    ],
)
def test_a_number_moves_beyond_both_intervals(a: Path, tmp_path: Path, interval: Any, moved: bool) -> None:
    verdicts = {"x": "holds here", "y": "undecided", "y,vit,digits": "holds here"}
    b = results(tmp_path / "b", verdicts, {"finetune": interval, "probe": {"estimate": 0.8}})
    for pair in ((a, b), (b, a)):
        assert [change.what for change in compare(*pair).numbers] == ["accuracy of finetune"] * moved


def test_without_intervals_any_difference_counts(a: Path, tmp_path: Path) -> None:
    verdicts = {"x": "holds here", "y": "undecided", "y,vit,digits": "holds here"}
    b = results(tmp_path / "b", verdicts, {"finetune": INTERVAL, "probe": {"estimate": 0.81}})
    assert compare(a, b).numbers == [Change("accuracy of probe", "0.8", "0.81")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("claims.csv", None, "claims.csv: not a readable table"),
        ("claims.csv", "id,verdict\nx,holds here\n", "claims.csv: no column paper, claim, architecture, target"),
        ("headline.json", None, "headline.json: not a readable JSON file"),
        ("headline.json", "[1]", "headline.json: not a headline"),
        ("headline.json", '{"accuracy": {"finetune": {"low": 1}}}', "headline.json: not a headline"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    a: Path, name: str, content: str | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (a / name).unlink()
    if content is not None:
        (a / name).write_text(content)
    assert cli.main(["compare", str(a), str(a)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


def test_as_a_module(a: Path, tmp_path: Path) -> None:
    b = results(tmp_path / "b", {"x": "fails here"}, {"finetune": INTERVAL})
    command = [sys.executable, "-m", "whypretrain", "compare", str(a), str(b)]
    environment = {"PYTHONPATH": str(ROOT / "workflow")}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 1
    assert "x: holds here -> fails here" in run.stdout


def test_the_project_declares_the_command() -> None:
    module, _, name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"][
        "whypretrain"
    ].partition(":")
    assert getattr(import_module(module), name) is cli.main


def test_no_subcommand_is_bad_input() -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([])
