"""`record` and `restore`: after either, Snakemake and DVC agree on what is current.

The outputs hold their own names in place of results: both tools look at names, times, hashes and parameters only.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from checkout import Checkout

from whypretrain.provenance import CARDS, card_of, write_cards

CONFIG = "config/small.yaml"
SMALL = {
    "experiment": "small",
    "grid": {"targets": ["digits"], "architectures": ["vit"], "methods": ["probe", "finetune"], "seeds": [0]},
}
TOUCH = ("--touch", "--forceall", "--cores", "1", "--quiet", "all")


def snakemake(checkout, *arguments):
    return checkout.done("python", "-m", "snakemake", "--configfile", CONFIG, *arguments)


def versioning(checkout, action, *options):
    return checkout.run("python", "workflow/tools/versioning.py", action, "--config", CONFIG, *options)


def made(checkout):
    """Let every output of the experiment be there, and Snakemake believe that it made them."""
    for job in checkout.graphs(CONFIG)[0]:
        for output in job["output"]:
            path = checkout.folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(output)
            write_cards([path], {})
    snakemake(checkout, *TOUCH)


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A repository whose results are recorded and in a remote, which is a folder."""
    checkout = Checkout(tmp_path_factory.mktemp("origin"))
    (checkout.folder / CONFIG).write_text(yaml.safe_dump(SMALL))
    checkout.git_init()
    made(checkout)
    run = versioning(checkout, "record")
    assert re.fullmatch(r"recorded \d+ outputs in 10 stages\n", run.stdout), run.stderr
    checkout.done("dvc", "remote", "add", "-d", "store", str(tmp_path_factory.mktemp("remote")))
    checkout.done("dvc", "push", "--quiet")
    checkout.commit("results")
    return checkout


@pytest.fixture(scope="module")
def restored(origin, tmp_path_factory):
    """A clone after `restore`, which saw nothing of the first repository but git and the remote."""
    clone = Checkout(tmp_path_factory.mktemp("clone") / "repository", origin.folder)
    shutil.copytree(origin.folder / ".git", clone.folder / ".git")
    assert "to be made: none" in versioning(clone, "restore").stdout
    return clone


@pytest.fixture
def small_config(restored):
    """The config file of the clone, as it was once the test is over."""
    file = restored.folder / CONFIG
    before = file.read_text()
    yield file
    file.write_text(before)


def test_nothing_is_to_be_done_after_restore(restored):
    assert "Nothing to be done" in snakemake(restored, "--dry-run")
    assert "up to date" in restored.done("dvc", "status", "experiments/small/dvc.yaml")
    files = [file for file in (restored.folder / "results").rglob("*.*") if file.is_file()]
    outputs = [file for file in files if not {"logs", "benchmarks", CARDS} & set(file.parts)]
    assert outputs
    for file in outputs:
        assert file.read_text() == str(file.relative_to(restored.folder))


def test_record_refuses_what_is_not_current(restored, small_config):
    small_config.write_text(yaml.safe_dump({**SMALL, "invariances": {"images": 31}}))
    lock = (restored.folder / "experiments/small/dvc.lock").read_bytes()
    run = versioning(restored, "record")
    assert run.returncode == 1
    assert "layers.csv: params changed" in run.stderr
    assert (restored.folder / "experiments/small/dvc.lock").read_bytes() == lock


def test_record_refuses_strays_and_prunes_them_and_changes_nothing_else(restored):
    stray = restored.folder / "results/small/select/old.csv"
    stray.write_text("of a larger grid")
    run = versioning(restored, "record")
    assert run.returncode == 1
    assert "results/small/select/old.csv" in run.stderr
    assert versioning(restored, "record", "--prune").returncode == 0
    assert not stray.exists()
    assert restored.done("git", "status", "--porcelain") == ""


def test_record_refuses_an_output_that_is_missing(restored):
    lost = restored.folder / "results/small/select/vit/0/digits.json"
    content = lost.read_bytes()
    lost.unlink()
    try:
        run = versioning(restored, "record")
    finally:
        lost.write_bytes(content)
    assert run.returncode == 1
    assert f"{lost.relative_to(restored.folder)}: missing" in run.stderr


def test_record_refuses_what_is_not_as_its_record_says(restored):
    """A changed output is not noticed by Snakemake, which looks at inputs alone."""
    table = restored.folder / "results/small/claims.csv"
    before, status = table.read_bytes(), table.stat()
    table.write_text("changed")
    os.utime(table, ns=(status.st_atime_ns, status.st_mtime_ns))
    card = card_of(restored.folder / "results/small/train/runs.csv")
    content = card.read_bytes()
    card.unlink()
    try:
        run = versioning(restored, "record")
    finally:
        table.write_bytes(before)
        os.utime(table, ns=(status.st_atime_ns, status.st_mtime_ns))
        card.write_bytes(content)
    assert run.returncode == 1
    assert "claims.csv: damaged or changed" in run.stderr
    assert "runs.csv: no record of what made it" in run.stderr


def test_restore_keeps_results_that_are_not_recorded(restored):
    table = next((restored.folder / "results/small/select").rglob("*.csv"))
    before = table.read_text()
    table.write_text("days of work")
    run = versioning(restored, "restore")
    assert run.returncode == 1
    assert "results/small/select" in run.stderr
    assert table.read_text() == "days of work"
    assert "to be made: none" in versioning(restored, "restore", "--discard").stdout
    assert table.read_text() == before


def test_one_changed_key_gives_both_tools_the_same_work(restored, small_config):
    small_config.write_text(yaml.safe_dump({**SMALL, "invariances": {"images": 31}}))
    run = versioning(restored, "restore")
    stages = {"measure_invariances", "put_side_by_side", "decide_claims", "draw_figure", "write_report"}
    assert run.stdout.strip().endswith("| to be made: invariances claims figures report"), run.stderr
    planned = snakemake(restored, "--dry-run", "--quiet", "rules")
    assert set(re.findall(r"^(\w+) +\d+$", planned, re.MULTILINE)) - {"all", "total"} == stages
    assert Path(restored.folder / "results/small/train/runs.csv").exists()
    assert not Path(restored.folder / "results/small/claims.csv").exists()
