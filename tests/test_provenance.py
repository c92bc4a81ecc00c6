import hashlib
import json
import platform
import subprocess
import sys

import pytest

from whypretrain import provenance
from whypretrain.errors import InputError
from whypretrain.provenance import (
    ROOT,
    card_of,
    code_files,
    code_hash,
    config_hash,
    describe,
    fault,
    hashes,
    write_cards,
)

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


@pytest.fixture
def made(tmp_path):
    """A table and its record, as the stage that made it left them."""
    read_table, written = tmp_path / "in.csv", tmp_path / "out.csv"
    read_table.write_text("a\n1\n")
    written.write_text("b\n2\n")
    record = describe("select", {"k": 1}, hashes([read_table]), {"seed": 3})
    write_cards([written], record)
    return written


def test_a_record_names_all_that_decides_a_result(made):
    record = json.loads(card_of(made).read_text())
    assert record["inputs"] == {str(made.with_name("in.csv")): hashlib.sha256(b"a\n1\n").hexdigest()}
    assert record["sha256"] == hashlib.sha256(b"b\n2\n").hexdigest()
    assert record["arguments"] == {"seed": 3}
    assert (record["stage"], record["config_sha256"]) == ("select", config_hash({"k": 1}))
    assert record["code_sha256"] == code_hash("select")
    assert {"python", "numpy", "torch"} <= record["versions"].keys()
    assert platform.machine() in record["hardware"]


def test_a_flipped_bit_is_seen_by_whoever_reads_the_result(made):
    assert hashes([made.parent]).keys() == {str(made), str(made.with_name("in.csv"))}
    made.write_text("b\n3\n")
    with pytest.raises(InputError, match=r"out\.csv: damaged or changed"):
        hashes([made])


def test_the_fault_of_a_result(made):
    assert fault(made) == ""
    assert fault(made.with_name("in.csv")) == "no record of what made it"
    made.write_text("")
    assert "damaged or changed" in fault(made)


def test_an_absent_file_and_folder_have_no_hashes(tmp_path):
    assert hashes([tmp_path / "none"]) == {}
