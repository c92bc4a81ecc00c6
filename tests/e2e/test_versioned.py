"""Real results under DVC: a clone that restores them has nothing to do, and both tools see the same changes."""

import json
import re

import pytest
import yaml
from checkout import Checkout
from running import contents

pytestmark = pytest.mark.slow
CONFIG = "config/smoke.yaml"
PIPELINE = "experiments/smoke/dvc.yaml"


def versioning(checkout, action):
    return checkout.done("python", "workflow/tools/versioning.py", action, "--config", CONFIG)


def cloned(origin, folder):
    """A clone by git, in which the results are restored from the remote."""
    origin.done("git", "clone", "--quiet", ".", str(folder))
    clone = Checkout(folder, origin=None)
    assert "to be made: none" in versioning(clone, "restore")
    return clone


def stages_to_run(checkout):
    """Stages whose outputs Snakemake would make."""
    run = checkout.snakemake("--dry-run", "--quiet", "rules")
    planned = run.stdout + run.stderr
    rules = set(re.findall(r"^(\w+) +\d+$", planned, re.MULTILINE)) - {"all", "total"}
    stage_of = {job["rule"]: job["file"] for job in checkout.graphs(CONFIG)[0]}
    return {stage_of[rule].removeprefix("workflow/rules/").removesuffix(".smk") for rule in rules}


def assert_nothing_to_do(checkout):
    assert "Nothing to be done" in checkout.snakemake("--dry-run").stdout
    assert "up to date" in checkout.done("dvc", "status", PIPELINE)
    assert checkout.done("git", "status", "--porcelain") == ""


@pytest.fixture(scope="module")
def origin(smoke, tmp_path_factory):
    """The repository that made the results, after `make record` and a push to a remote, which is a folder."""
    smoke.git_init()
    assert re.search(r"recorded \d+ outputs in 10 stages", versioning(smoke, "record"))
    smoke.done("dvc", "remote", "add", "-d", "store", str(tmp_path_factory.mktemp("remote")))
    smoke.done("dvc", "push", "--quiet")
    smoke.commit("results")
    return smoke


@pytest.fixture(scope="module")
def clone(origin, tmp_path_factory):
    return cloned(origin, tmp_path_factory.mktemp("first") / "clone")


def test_a_clone_has_every_byte_and_nothing_to_do(origin, clone):
    results = "results/smoke"
    assert contents(clone.folder / results) == contents(origin.folder / results)
    assert_nothing_to_do(clone)
    versioning(clone, "record")
    assert_nothing_to_do(clone)


def test_dvc_repeats_nothing_that_snakemake_made(origin):
    assert "Running stage" not in origin.done("dvc", "repro", PIPELINE)
    assert_nothing_to_do(origin)


def test_headline_numbers_and_plots_are_shown(clone):
    shown = clone.run("dvc", "metrics", "show", "--json").stdout
    assert "accuracy" in json.loads(shown)[""]["data"]["results/smoke/headline.json"]["data"]
    clone.run("dvc", "plots", "show", "--out", "plots")  # it says that the default experiment has none yet
    page = (clone.folder / "plots/index.html").read_text()
    assert "forgetting_late" in page
    assert "results/smoke/figures/across.png" in page
    clone.done("git", "clean", "--force", "--quiet", "-d", "plots")


def test_a_changed_key_gives_both_tools_the_same_stages(clone):
    file = clone.folder / CONFIG
    before = file.read_text()
    file.write_text(yaml.safe_dump({**yaml.safe_load(before), "statistics": {"resamples": 100}}))
    changed = {"claims", "figures", "report"}
    assert stages_to_run(clone) == changed
    named = json.loads(clone.done("dvc", "status", "--json", PIPELINE).splitlines()[0])
    assert {address.split(":")[-1] for address in named} == changed
    file.write_text(before)
    assert_nothing_to_do(clone)


def test_an_experiment_of_dvc_runs_through_snakemake_and_is_recorded(origin, clone, tmp_path):
    file, key = "config/default.yaml", "interactions.analysis.threshold"
    printed = clone.done("dvc", "exp", "run", "--set-param", f"{file}:{key}=0.2", PIPELINE)
    run = set(re.findall(r"Running stage '(?:[^:']+:)?(\w+)'", printed))
    assert run == {"interactions", "claims", "figures", "report"}
    assert "Nothing to be done" in clone.snakemake("--dry-run").stdout
    assert json.loads(clone.run("dvc", "params", "diff", "--json").stdout)[file][key]["new"] == 0.2
    moved = json.loads(clone.run("dvc", "metrics", "diff", "--json").stdout)["results/smoke/headline.json"]
    assert any(name.startswith("preserved") for name in moved)

    versioning(clone, "record")
    clone.done("dvc", "push", "--quiet")
    clone.commit("another threshold")
    second = cloned(clone, tmp_path / "second")
    assert_nothing_to_do(second)
    assert contents(second.folder / "results/smoke") == contents(clone.folder / "results/smoke")
