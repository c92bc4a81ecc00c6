"""The pins, the conda files and pyproject.toml must agree."""

import re
import tomllib
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import whypretrain

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "envs/constraints.txt").read_text(), re.MULTILINE)
}
EXTRAS = {name: [Requirement(text) for text in required] for name, required in PROJECT["optional-dependencies"].items()}
NAMED = [*map(Requirement, PROJECT["dependencies"]), *chain.from_iterable(EXTRAS.values())]
NAMED = [requirement for requirement in NAMED if requirement.name != PROJECT["name"]]


INSTALLED = ".[workflow,cluster,dvc]"  # by containers and conda


def test_the_tests_install_every_other_extra():
    [own] = [requirement for requirement in EXTRAS["test"] if requirement.name == PROJECT["name"]]
    assert own.extras == EXTRAS.keys() - {"test", "docs"}  # `make docs` installs its own


def test_the_version_is_that_of_the_changelog_and_the_citation():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"]
    [newest, *_] = re.findall(r"^## (\d\S*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert whypretrain.__version__ == cited == newest


@pytest.mark.parametrize("requirement", NAMED, ids=lambda requirement: requirement.name)
def test_every_requirement_is_pinned_within_its_range(requirement):
    pin = PINS[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin), f"{requirement} does not admit {pin}"


def test_constraints_are_exact_pins_without_addresses():
    lines = (ROOT / "envs/constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)] == []


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_conda_files_use_the_same_pins(name):
    environment = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())
    assert f"python={PROJECT['requires-python'].removeprefix('>=')}" in environment["dependencies"]
    script = (ROOT / f"envs/{name}.post-deploy.sh").read_text()
    assert f"pip install --constraint envs/constraints.txt --editable '{INSTALLED}'\n" in script


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_conda_files_name_no_relative_path(name):
    """Snakemake makes the environment from a copy of the file in another folder."""
    environment = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())
    assert [part for part in environment["dependencies"] if not isinstance(part, str) or "/" in part] == []


def test_every_dependency_and_its_pin_are_what_the_tests_run_on():
    """The tested environment is the pinned one, but for local builds of torch."""
    used = {requirement.name for requirement in NAMED} - {requirement.name for requirement in EXTRAS["docs"]}
    found = {name: version(name) for name in used}
    differing = {
        name: found[name]
        for name in found
        if Version(found[name]).public != Version(PINS[canonicalize_name(name)]).public
    }
    assert differing == {}


def test_the_container_has_the_same_python_and_pins():
    recipe = (ROOT / "envs/Dockerfile").read_text()
    python = PROJECT["requires-python"].removeprefix(">=")
    assert re.search(rf"^FROM python:{re.escape(python)}-slim", recipe, re.MULTILINE)
    assert f"--constraint envs/constraints.txt --editable '{INSTALLED}'" in recipe
    assert {".venv", "results", ".snakemake"} <= set((ROOT / ".dockerignore").read_text().split())


def test_conda_is_offered_by_every_rule_that_runs_a_stage():
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        text = file.read_text()
        assert text.count("    shell:") == text.count('"../../envs/cpu.yaml"'), file
