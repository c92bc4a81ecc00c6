"""Every rule of the shipped experiments has its entry in the table of needs, and the grouped ones are one job."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TARGETS = {
    "config/default.yaml": "selection_study",
    "config/uot.yaml": "joint",
    "config/uot_targets.yaml": "joint",
    "config/papers/uot_recipes.yaml": "joint",
}


def profile(name):
    return yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text())


@pytest.fixture(scope="module")
def rules():
    """Names of the rules with outputs that each config file's target runs."""
    found = {}
    for file, target in TARGETS.items():
        command = [sys.executable, "workflow/tools/jobs.py", "--target", target, file]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        found[file] = {job["rule"] for job in json.loads(run.stdout)[0] if job["output"]}
    return found


@pytest.mark.parametrize("file", TARGETS)
def test_every_rule_has_its_needs(rules, file):
    assert rules[file] - set(profile("default")["set-resources"]) == set()
    assert len(rules[file]) > 2


@pytest.mark.parametrize(("name", "alone"), [("slurm", {"write_report"}), ("cluster-generic", set())])
def test_rules_of_the_page_are_grouped(name, alone):
    needs = profile("default")["set-resources"]
    grouped = {rule for rule, group in profile(name)["groups"].items() if group != "features"}
    assert {rule for rule in needs if "page" in needs[rule]} == grouped | alone


def test_no_name_of_one_rule_file_is_taken_by_another():
    """Rule files share one namespace: the later of two equal names would win, without a word."""
    files = [ROOT / "Snakefile", *ROOT.glob("workflow/rules/*.smk")]
    owners = [
        (name, file.name) for file in files for name in set(re.findall(r"(?m)^(\w+) = ", file.read_text()))
    ]
    names = [name for name, _ in owners]
    assert [owner for owner in owners if names.count(owner[0]) > 1] == []
