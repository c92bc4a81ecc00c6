"""`record` and `restore`: after either, Snakemake and DVC agree on what is current.

The outputs hold their own names in place of results: both tools look at names, times, hashes and parameters only.
"""

import os
import re

import pytest
import yaml
from checkout import Checkout
from recorded import Recorded
from versioning import _why_not_current

from whypretrain.provenance import CARDS, card_of

CONFIG = "config/small.yaml"
SMALL = {
    "experiment": "small",
    "grid": {"targets": ["digits"], "architectures": ["vit"], "methods": ["probe", "finetune"], "seeds": [0]},
}
PACKAGE = "workflow/whypretrain"
# Lines of registries that this experiment does not choose; all tables and layer metrics are always made.
NEW_LINES = {
    "KINDS": "'whypretrain.data.another'",
    "CATALOGUE": "None",
    "RULES": "Rule('plain.another')",
    "FETCHED": "_from_timm",
}
FEWER_IMAGES = "invariances: {images: 31}\n"


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """A clone of a repository whose results are recorded and in a remote."""
    checkout = Checkout(tmp_path_factory.mktemp("origin"))
    (checkout.folder / CONFIG).write_text(yaml.safe_dump(SMALL))
    origin = Recorded(checkout, CONFIG)
    checkout.git_init()
    origin.pretend()
    origin.publish(tmp_path_factory.mktemp("remote"))
    return origin.cloned(tmp_path_factory.mktemp("clone") / "repository")


@pytest.fixture
def changed(restored):
    """Adds a text to a file of the clone, or replaces its text; all is as it was once the test is over."""
    before = {}

    def change(name, text, whole=False):
        file = restored.checkout.folder / name
        before[file] = file.read_text()
        file.write_text(text if whole else before[file] + text)

    yield change
    for file, text in before.items():
        file.write_text(text)


def test_nothing_is_to_be_done_after_restore(restored):
    restored.assert_nothing_to_do()
    files = [file for file in restored.results.rglob("*.*") if file.is_file() and file.name != "graph.json"]
    outputs = [file for file in files if not {"logs", "benchmarks", CARDS} & set(file.parts)]
    assert outputs
    for file in outputs:
        assert file.read_text() == str(file.relative_to(restored.checkout.folder))


def test_times_comments_docstrings_and_registry_lines_rerun_nothing(restored, changed):
    lines = set()
    for file in (restored.checkout.folder / PACKAGE).rglob("*.py"):
        text = file.read_text().replace('"""', '"""Edited. ', 1) + "\n# A comment.\n"
        for name, value in NEW_LINES.items():
            text, found = re.subn(rf"(?m)^({name}: Registry\[.*?\] = \{{)", rf"\1 'another': {value},", text)
            lines |= {name} if found else set()
        changed(file.relative_to(restored.checkout.folder), text, whole=True)
    assert lines == set(NEW_LINES)
    assert "Nothing to be done" in restored.snakemake("--dry-run")
    assert restored.dvc_changes() == set()


def test_record_refuses_what_is_not_current(restored, changed):
    changed(CONFIG, FEWER_IMAGES)
    file = restored.checkout.folder / "experiments/small/dvc.lock"
    lock = file.read_bytes()
    run = restored.versioning("record")
    assert run.returncode == 1
    assert "layers.csv: params changed" in run.stderr
    assert file.read_bytes() == lock


def test_record_refuses_strays_and_prunes_them_and_changes_nothing_else(restored):
    stray = restored.results / "select/old.csv"
    stray.write_text("of a larger grid")
    run = restored.versioning("record")
    assert run.returncode == 1
    assert "results/small/select/old.csv" in run.stderr
    assert restored.versioning("record", "--prune").returncode == 0
    assert not stray.exists()
    assert restored.checkout.done("git", "status", "--porcelain") == ""


def test_record_refuses_an_output_that_is_missing(restored):
    lost = restored.results / "select/vit/0/digits.json"
    content = lost.read_bytes()
    lost.unlink()
    try:
        run = restored.versioning("record")
    finally:
        lost.write_bytes(content)
    assert run.returncode == 1
    assert f"{lost.relative_to(restored.checkout.folder)}: missing" in run.stderr


def test_record_refuses_what_is_not_as_its_record_says(restored):
    """A changed output is not noticed by Snakemake, which looks at inputs alone."""
    table = restored.results / "claims.csv"
    before, status = table.read_bytes(), table.stat()
    table.write_text("changed")
    os.utime(table, ns=(status.st_atime_ns, status.st_mtime_ns))
    card = card_of(restored.results / "train/runs.csv")
    content = card.read_bytes()
    card.unlink()
    try:
        run = restored.versioning("record")
    finally:
        table.write_bytes(before)
        os.utime(table, ns=(status.st_atime_ns, status.st_mtime_ns))
        card.write_bytes(content)
    assert run.returncode == 1
    assert "claims.csv: damaged or changed" in run.stderr
    assert "runs.csv: no record of what made it" in run.stderr


def test_restore_keeps_results_that_are_not_recorded(restored):
    table = next((restored.results / "select").rglob("*.csv"))
    before = table.read_text()
    table.write_text("days of work")
    run = restored.versioning("restore")
    assert run.returncode == 1
    assert "results/small/select" in run.stderr
    assert table.read_text() == "days of work"
    assert "to be made: none" in restored.versioning("restore", "--discard").stdout
    assert table.read_text() == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "text", "stages"),
    [
        (CONFIG, FEWER_IMAGES, "invariances claims figures report"),
        (f"{PACKAGE}/interactions/effects.py", "A = 1\n", "interactions claims figures report"),
        (f"{PACKAGE}/selection/_newton.py", "A = 1\n", "select claims figures report"),
        (f"{PACKAGE}/figures/layers.py", "A = 1\n", "figures report"),
    ],
    ids=["key", "interactions", "selection", "figure"],
)
def test_a_change_gives_both_tools_the_same_work(restored, changed, name, text, stages):
    changed(name, text)
    run = restored.versioning("restore")
    assert run.stdout.strip().endswith(f"| to be made: {stages}"), run.stderr
    assert restored.stages_to_run() == set(stages.split())
    assert restored.dvc_changes() >= set(stages.split())
    assert (restored.results / "data/digits/data.json").exists()
    assert (restored.results / "claims.csv").exists() == ("claims" not in stages)


def test_a_temporary_output_may_be_gone_once_it_was_used():
    row = {"output_file": "nowhere.npz", "status": "removed temp file", "plan": "no update"}
    assert _why_not_current(row) == ""
    assert _why_not_current({**row, "plan": "update pending"}) == "missing"
    assert _why_not_current({**row, "status": "missing"}) == "missing"
