"""The selection study as a workflow target, its figures, and how its files are fetched."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture
def listed(tmp_path):
    """A repository of two files, and a list of them that knows the first one's hash."""
    remote = tmp_path / "remote"
    remote.mkdir()
    for name in ("a", "b"):
        (remote / name).write_text(f"means of {name}")
    rows = [("one/a.pkl", "a", hashlib.sha256(b"means of a").hexdigest()), ("b.pkl", "b", None)]
    pd.DataFrame(rows, columns=["file", "remote", "sha256"]).to_csv(tmp_path / "files.csv", index=False)
    return tmp_path


def fetch(folder, run_stage, address=None):
    out = ["--files", str(folder / "files.csv"), "--out", str(folder / "out")]
    return run_stage("fetch_class_means", *out, "--address", address or (folder / "remote").as_uri())


def test_files_are_fetched_once(listed, run_stage):
    assert fetch(listed, run_stage).returncode == 0
    assert (listed / "out/one/a.pkl").read_text() == "means of a"
    assert (listed / "out/b.pkl").read_text() == "means of b"
    (listed / "remote/a").unlink()  # what is there with the right hash is not asked for again
    assert fetch(listed, run_stage).returncode == 0


def test_a_file_that_has_changed_is_refused(listed, run_stage):
    (listed / "remote/a").write_text("other means")
    found = fetch(listed, run_stage)
    assert found.returncode == 2
    assert "remote/a: not the file that it was: its SHA-256 differs" in found.stderr
    assert not (listed / "out/one/a.pkl").exists()


def test_without_a_network_the_way_out_is_told(listed, run_stage):
    found = fetch(listed, run_stage, "http://127.0.0.1:9")
    assert found.returncode == 2
    assert "http://127.0.0.1:9/a: cannot be fetched" in found.stderr
    assert "study.class_means" in found.stderr
    assert found.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_target_makes_tables_and_figures(published_class_means, tmp_path):
    config = f"{{experiment: {tmp_path.name}, study: {{class_means: {published_class_means}, classes: 50}}}}"
    (tmp_path / "config.yaml").write_text(config)
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--nolock", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    copied = tmp_path / "checkout"
    copied.mkdir()
    for name in ("Snakefile", "workflow", "config", "profiles"):
        (copied / name).symlink_to(ROOT / name)
    command += ["--configfile", str(tmp_path / "config.yaml"), "--", "selection_study"]
    run = subprocess.run(command, cwd=copied, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    made = copied / f"results/{tmp_path.name}/selection_study"
    birds = pd.read_csv(made / "summary.csv").query("rule == 'uot' and target == 'CUB'").set_index("pretraining")
    assert birds.birds.to_dict() == {"moco_v2": 49, "supervised": 49}
    figures = made.parent / "figures"
    assert {path.name for path in figures.glob("*.png")} == {
        f"study_{name}.png" for name in ("masses", "overlap", "birds", "concepts")
    }
    shown = pd.read_csv(figures / "study_birds.csv").query("setting == 'temperature' and value == 1.0")
    assert shown.set_index("pretraining").classes.to_dict() == {"moco_v2": 50, "supervised": 50}
