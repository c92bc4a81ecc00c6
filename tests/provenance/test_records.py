import hashlib
import json
import platform
import shutil

import pytest

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
    other_code,
    write_cards,
)
from whypretrain.provenance.closure import Package
from whypretrain.provenance.syntax import Source

STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if not path.stem.startswith("_"))


def names(files):
    return {str(path.relative_to(ROOT)) for path in files}


def code_of(package, stage, use=None):
    return package.files(f"whypretrain.stages.{stage}", use)


# A module of each package, and the stages that can see it.
SEEN = {
    "claims/rows.py": "across claims report starts validity",
    "config/networks.py": (
        "controls derive_methods diff features fetch_weights figure import_method invariances layers pilot pretrain "
        "probe report robustness score starts tokens train"
    ),
    "config/parts.py": "claims controls figure interactions invariances report score validity",
    "config/recipe.py": (
        "controls derive_methods diff figure import_method invariances pretrain probe report robustness tokens train"
    ),
    "config/interactions.py": "interactions score",
    "data/class_means.py": "cluster data select selection_study train",
    "data/kinds/glyphs.py": "data",
    "data/published/readers.py": "data",
    "figures/canvas.py": "figure",
    "interactions/and_or/atoms.py": "interactions planted",
    "interactions/tables.py": "interactions",
    "invariances/inversion.py": "invariances layers pilot robustness",
    "models/stem.py": "score",
    "provenance/records.py": " ".join(STAGES),
    "report/style.css": "report",
    "runtime/shards.py": "features score",
    "selection/_newton.py": "select selection_study",
    "selection/rules/plain.py": "select selection_study",
    "stages/probe.py": "probe",
    "training/tuning.py": "train",
    "training/fit.py": "controls derive_methods diff import_method invariances pretrain probe robustness train",
    # What no stage needs, and packages, which count by what they lead to.
    "cli/__init__.py": "",
    "config/experiment.py": "",
    "data/__init__.py": "",
    "data/published/fetch.py": "",
    "data/published/miniature.py": "",
    "figures/registry.yaml": "",
    "training/__init__.py": "",
}


@pytest.fixture(scope="module")
def closures():
    return {stage: names(code_files(stage)) for stage in STAGES}


@pytest.mark.parametrize("name", SEEN)
def test_a_module_counts_for_the_stages_that_use_it(closures, name):
    assert (ROOT / name).is_file()
    assert {stage for stage in STAGES if name in closures[stage]} == set(SEEN[name].split())


def test_comments_docstrings_and_layout_do_not_count(tmp_path):
    def hash_of(text):
        (tmp_path / "one.py").write_text(text)
        return Source(tmp_path / "one.py").digest

    plain = hash_of("def one(a):\n    return a + 1\n")
    assert hash_of('"""Module."""\n\ndef one( a ):  # why\n    """What."""\n    return (a + 1)\n') == plain
    assert hash_of("def one(a):\n    return a + 2\n") != plain
    assert hash_of("def one(b):\n    return b + 1\n") != plain


REGISTRY = """
from whypretrain.kinds import eager{more_imports}
from whypretrain.runtime.registry import Registry

KINDS: Registry[object] = {{"eager": eager.make, "lazy": "whypretrain.kinds.lazy", "near": "kinds.near"{more}}}
"""


@pytest.fixture
def registry(tmp_path):
    """A stage that reads a registry; returns a function that gives its code, more lines added."""
    folder = tmp_path / "whypretrain"
    for name in ("stages", "kinds", "runtime"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").touch()
    for name in ("kinds/eager", "kinds/lazy", "kinds/near", "kinds/new", "runtime/registry", "runtime/other"):
        (folder / f"{name}.py").touch()
    (folder / "stages/one.py").write_text("from whypretrain.registry import KINDS\n")

    def code(use, more_imports="", more=""):
        (folder / "registry.py").write_text(REGISTRY.format(more_imports=more_imports, more=more))
        return {str(path.relative_to(folder)): found for path, found in code_of(Package(folder), "one", use).items()}

    return code


def test_a_registry_counts_by_its_chosen_lines(registry):
    shared = {"registry.py", "runtime/registry.py", "stages/one.py"}
    kinds = {"eager", "lazy", "near"}
    for use in ({"eager"}, {"lazy", "near"}, set()):
        assert registry(use).keys() == shared | {f"kinds/{name}.py" for name in use}
    assert registry(None).keys() == shared | {f"kinds/{name}.py" for name in kinds}


@pytest.mark.parametrize(
    "new",
    [
        {"more": ', "new": "whypretrain.kinds.new"'},
        {"more": ', "new": new.make', "more_imports": ", new"},
        {"more": ', "new": other.make', "more_imports": "\nfrom whypretrain.runtime import other"},
    ],
)
def test_a_new_line_changes_only_what_uses_it(registry, new):
    assert registry({"lazy"}, **new) == registry({"lazy"})
    assert registry({"new"}, **new) != registry({"new"})
    assert registry(None, **new) != registry(None)


def test_lazily_loaded_names_are_followed():
    for init in ROOT.rglob("__init__.py"):
        if "__getattr__" in init.read_text():
            assert Source(init).lazy, init
    assert {"inversion.py", "cka.py", "columns.py"} <= {path.name for path in code_files("invariances")}
    assert {"trainer.py", "fit.py", "optimizers.py"} <= {path.name for path in code_files("train")}
    assert {"entropic.py", "plain.py"} <= {path.name for path in code_files("select")}


def test_registry_lines_that_are_not_chosen_do_not_count():
    some, more = (names(code_files("select", use=rules)) for rules in (["uot"], ["uot", "nearest"]))
    assert more - some == {"selection/rules/plain.py"}
    assert "data/kinds/glyphs.py" not in names(code_files("data", use=["digits"]))


def test_a_copy_of_the_code_is_the_same_until_something_that_counts_differs(tmp_path):
    copy = tmp_path / "whypretrain"
    shutil.copytree(ROOT, copy)
    seeds = copy / "runtime/seeds.py"
    seeds.write_text(seeds.read_text() + "\n# A comment.\n")
    (copy / "home/config").mkdir(parents=True)
    (copy / "home/config/default.yaml").write_text("the workflow of an installed package is none of its code")
    assert other_code(ROOT) == other_code(copy) == ""
    (copy / "report/style.css").write_text("")
    assert other_code(copy) == "report/style.css"


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
