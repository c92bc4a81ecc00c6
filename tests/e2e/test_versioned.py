"""Real results under DVC: a clone that restores them has nothing to do, and both tools see the same changes."""

import json

import pytest
import yaml
from checkout import Checkout
from recorded import Recorded
from running import contents

pytestmark = [pytest.mark.slow, pytest.mark.long]
CONFIG = "config/smoke.yaml"
STAGES = {
    *("data", "pretrain", "features", "select", "train"),
    *("interactions", "invariances", "claims", "figures", "report"),
}


@pytest.fixture(scope="module")
def origin(smoke, tmp_path_factory):
    """The repository that made the results, after `make record` and a push."""
    found = Recorded(smoke, CONFIG)
    found.publish(tmp_path_factory.mktemp("remote"))
    return found


@pytest.fixture(scope="module")
def clone(origin, tmp_path_factory):
    return origin.cloned(tmp_path_factory.mktemp("first") / "clone")


def test_a_clone_has_every_byte_and_nothing_to_do(origin, clone):
    assert contents(clone.results) == contents(origin.results)
    clone.assert_nothing_to_do()
    clone.record()
    clone.assert_nothing_to_do()


def test_dvc_repeats_nothing_that_snakemake_made(origin):
    assert origin.dvc_runs("repro") == set()
    origin.assert_nothing_to_do()


def test_snakemake_repeats_nothing_that_dvc_made(tmp_path):
    """From nothing, by DVC alone."""
    checkout = Checkout(tmp_path / "checkout")
    checkout.git_init()
    experiment = Recorded(checkout, "tests/workflow/tiny.yaml")
    assert "current: none" in experiment.versioning("restore").stdout
    assert experiment.dvc_runs("repro") == {*STAGES, "graph"}
    assert "Nothing to be done" in experiment.snakemake("--dry-run")
    lock = checkout.folder / "experiments/tiny/dvc.lock"
    written = lock.read_bytes()
    experiment.record()
    assert lock.read_bytes() == written
    assert experiment.dvc_runs("repro") == set()


def test_headline_numbers_and_plots_are_shown(clone):
    shown = clone.checkout.run("dvc", "metrics", "show", "--json").stdout
    assert "accuracy" in json.loads(shown)[""]["data"]["results/smoke/headline.json"]["data"]
    clone.checkout.run("dvc", "plots", "show", "--out", "plots")  # the default experiment has none yet: it says so
    page = (clone.checkout.folder / "plots/index.html").read_text()
    assert "forgetting_late" in page
    assert "results/smoke/figures/across.png" in page
    clone.checkout.done("git", "clean", "--force", "--quiet", "-d", "plots")


def test_a_changed_key_gives_both_tools_the_same_stages(clone):
    file = clone.checkout.folder / CONFIG
    before = file.read_text()
    file.write_text(yaml.safe_dump({**yaml.safe_load(before), "statistics": {"resamples": 100}}))
    assert clone.stages_to_run() == clone.dvc_changes() == {"claims", "figures", "report"}
    file.write_text(before)
    assert clone.dvc_changes() == set()
    clone.assert_nothing_to_do()


def test_an_experiment_of_dvc_runs_through_snakemake_and_is_recorded(origin, clone, tmp_path):
    file, key = "config/default.yaml", "interactions.analysis.threshold"
    run = clone.dvc_runs("exp", "run", "--set-param", f"{file}:{key}=0.2")
    assert run == {"graph", "interactions", "claims", "figures", "report"}  # what the workflow is now, and what follows
    assert "Nothing to be done" in clone.snakemake("--dry-run")
    checkout = clone.checkout
    assert json.loads(checkout.run("dvc", "params", "diff", "--json").stdout)[file][key]["new"] == 0.2
    moved = json.loads(checkout.run("dvc", "metrics", "diff", "--json").stdout)["results/smoke/headline.json"]
    assert any(name.startswith("preserved") for name in moved)

    clone.record()
    clone.push("another threshold")
    second = clone.cloned(tmp_path / "second")
    second.assert_nothing_to_do()
    assert contents(second.results) == contents(clone.results)
