"""What the Snakemake workflow catalogue asks of a workflow: its Snakefile, and how it is configured and deployed."""

import re

import pytest
import yaml
from checkout import ROOT, Checkout

from whypretrain.config import check, files


@pytest.fixture(scope="module")
def plans():
    """Jobs by rule of the smoke experiment, from both Snakefiles."""
    made, found = Checkout(ROOT, origin=None), {}
    for name in ("Snakefile", "workflow/Snakefile"):
        run = made.snakemake("--snakefile", name, "--forceall", "--dry-run", "--quiet", "rules")
        assert run.returncode == 0, run.stderr
        found[name] = dict(re.findall(r"^(\w+) +(\d+)$", run.stdout + run.stderr, re.MULTILINE))
    return found


def test_its_snakefile_is_the_whole_workflow(plans):
    plain, catalogued = plans["Snakefile"], plans["workflow/Snakefile"]
    assert catalogued.pop("whole") == plain.pop("all") == "1"
    assert plain == catalogued
    assert "write_report" in plain


def test_its_example_of_a_config_is_valid():
    [example] = re.findall(r"```yaml\n(.*?)```", (ROOT / "config/README.md").read_text(), re.DOTALL)
    whole = files.merged(files.read(ROOT / "config/default.yaml"), yaml.safe_load(example))
    assert check(whole, places=False)["experiment"] == "mine"


def test_its_sections_are_those_of_the_config():
    table = (ROOT / "config/README.md").read_text().partition("| section |")[2]
    named = {
        name for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    assert named == set(check(files.read(ROOT / "config/default.yaml")))


def test_its_deployment_is_said():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    stack = usage["software-stack-deployment"]
    assert stack == {"conda": False, "apptainer": False, "apptainer+conda": False, "report": True}
