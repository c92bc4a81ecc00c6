import json
import subprocess
import sys

import pytest

from whypretrain import provenance
from whypretrain.provenance import ROOT, code_files, code_hash, config_hash, describe

STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if not path.stem.startswith("_"))


def imported_by(stage):
    """What Python really loads of this package when the stage module is imported."""
    code = (
        f"import sys, json, whypretrain.stages.{stage}; "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.startswith('whypretrain') and m.__file__]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("stage", STAGES)
def test_code_files_hold_everything_that_python_imports(stage):
    bare = {str(ROOT / "__init__.py"), str(ROOT / "stages/__init__.py")}
    assert imported_by(stage) - bare <= {str(path) for path in code_files(stage)}


def test_code_files_stop_at_packages_that_a_stage_does_not_use():
    folders = {path.relative_to(ROOT).parts[0] for path in code_files("select")}
    assert "selection" in folders
    assert not folders & {"training", "models", "figures", "interactions"}


def test_code_hash_changes_with_a_file(tmp_path, monkeypatch):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/one.py").write_text("from whypretrain.helpers import thing\n")
    (tmp_path / "helpers.py").write_text("thing = 1\n")
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    before = code_hash("one")
    assert [path.name for path in code_files("one")] == ["helpers.py", "one.py"]
    (tmp_path / "helpers.py").write_text("thing = 2\n")
    assert code_hash("one") != before


def test_config_hash_ignores_the_order_of_keys():
    assert config_hash({"a": 1, "b": 2}) == config_hash({"b": 2, "a": 1}) != config_hash({"a": 1, "b": 3})


def test_describe_names_inputs_and_versions(tmp_path):
    (tmp_path / "x").write_text("x")
    record = describe("select", {"k": 1}, [tmp_path / "x"], seed=3)
    assert record["inputs"].keys() == {str(tmp_path / "x")}
    assert record["seed"] == 3
    assert {"python", "numpy", "torch"} <= record["versions"].keys()
